/** How warm a machine is: nobody knows of an emulated one, so a hand sets it. Both faces of the BMC tell of it. */

/** From here on it is worth a warning; from there it is critical, and in the end it breaks. */
export const warmCelsius = 80;
export const criticalCelsius = 90;
export const fatalCelsius = 100;

export const usualCelsius = 38;

export function toHealth(celsius: number): 'OK' | 'Warning' | 'Critical' {
  if (celsius >= criticalCelsius) return 'Critical';
  return celsius >= warmCelsius ? 'Warning' : 'OK';
}

/** Fans follow the warmth. */
export function toFanRpm(celsius: number): number {
  return Math.min(20_000, 2_000 + 100 * Math.max(0, celsius - 20));
}
