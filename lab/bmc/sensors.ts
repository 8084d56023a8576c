/** The sensors of a machine's IPMI face, as commands for ipmi_sim and as sensor data records (IPMI 2.0, section 43.1). */
import { criticalCelsius, fatalCelsius, warmCelsius } from '../machine/climate.ts';

interface Sensor {
  number: number;
  name: string;
  /** IPMI 2.0, table 42-3. */
  type: number;
  /** IPMI 2.0, table 43-15. */
  unit: number;
  /** IPMI 2.0, table 43-13: what it belongs to. */
  entity: number;
  /** What one step of a reading stands for. */
  step: number;
  /** Readings above which it is non-critical, critical and non-recoverable; null: it has no thresholds. */
  upper: readonly [number, number, number] | null;
  file: string;
}

/** @param files with a reading each, as a decimal number; ipmi_sim looks into them once a second */
export function toSensors(files: { temperature: string; fan: string }): string[] {
  const sensors: Sensor[] = [
    {
      number: 1,
      name: 'CPU Temp',
      type: 0x01,
      unit: 1, // degrees Celsius
      entity: 3, // processor
      step: 1,
      upper: [warmCelsius, criticalCelsius, fatalCelsius],
      file: files.temperature,
    },
    {
      number: 2,
      name: 'FAN 1',
      type: 0x04,
      unit: 18, // revolutions per minute
      entity: 29, // fan
      step: 100,
      upper: null,
      file: files.fan,
    },
  ];
  return sensors.flatMap((sensor) => [
    ...toCommands(sensor),
    `main_sdr_add 0x20 ${toRecord(sensor).map(toHex).join(' ')}`,
  ]);
}

function toCommands({ number, type, upper, file }: Sensor): string[] {
  const name = `0x20 0 ${number}`;
  const threshold = 1; // event/reading type code
  const [warning, critical, fatal] = upper ?? [0, 0, 0];
  return [
    `sensor_add ${name} ${type} ${threshold} poll 1000 file "${file}" base=10`,
    `sensor_set_threshold ${name} ${upper ? 'readable 111000' : 'none 000000'} ${toHex(fatal)} ${toHex(critical)} ${toHex(warning)} 0 0 0`,
    // Going high over an upper threshold makes an event, bits 7, 9 and 11; coming back takes it back.
    `sensor_set_event_support ${name} enable scanning per-state ${Array.from({ length: 4 }, () => (upper ? '000101010000000' : '000000000000000')).join(' ')}`,
  ];
}

/** A full sensor record; table 43-1 names the bytes. */
function toRecord({ number, name, type, unit, entity, step, upper }: Sensor): number[] {
  const [warning, critical, fatal] = upper ?? [0, 0, 0];
  const masks = upper ? [0x80, 0x0a, 0x80, 0x7a, 0x38, 0x38] : [0, 0, 0, 0, 0, 0];
  const capabilities = upper ? 0x44 : 0x40; // re-arms itself; thresholds can be read
  const identity = [...Buffer.from(name)];
  const body = [
    [0x20, 0, number, entity, 1, 0x7f, capabilities, type, 0x01],
    masks,
    [0x00, unit, 0, 0], // unsigned, linear
    [step, 0, 0, 0, 0, 0], // M, tolerance, B, accuracy, exponents
    [0x00, 0, 0, 0, 0xff, 0], // no nominal reading; from 0 to 255
    [fatal, critical, warning, 0, 0, 0],
    [2, 2, 0, 0, 0], // hysteresis
    [0xc0 | identity.length, ...identity],
  ].flat();
  return [0, 0, 0x51, 0x01, body.length, ...body];
}

function toHex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`;
}
