/** How the machine is: the faults of Get Chassis Status (IPMI 2.0, 28.2) and the sensors of its SDR repository (33, 35). */
import type { Health } from '../../core/node.ts';
import type { HealthReading } from '../../core/ports.ts';
import { commandFailure } from './answer.ts';
import type { Ask } from './bmc.ts';
import { toFields } from './fields.ts';
import { severityOf } from './severity.ts';

/** Rows of the chassis status that mean harm when they are true. */
const chassisFaults = [
  'Power Overload',
  'Main Power Fault',
  'Power Control Fault',
  'Drive Fault',
  'Cooling/Fan Fault',
];

/** How ipmitool's word for a crossed threshold ends: lower or upper; non-critical, critical, non-recoverable. */
const thresholds: Readonly<Record<string, Health>> = { nc: 'Warning', cr: 'Critical', nr: 'Critical' };

/** Named in the evidence at most. */
const mostNamed = 5;

/**
 * A machine that shows no sensor tells of nothing but its faults, so that none of them is no proof of its health: Unknown.
 * @param recorded what is known of its health: where that was bad and its faults are gone, it is well again
 */
export async function readHealth(ask: Ask, recorded: Health): Promise<HealthReading> {
  const chassis = await ask(['chassis status', 'sdr info']);
  const fields = toFields(chassis.stdout);
  if (!fields.has('System Power')) throw commandFailure('the reading of its chassis status', chassis);
  const faults = chassisFaults.filter((name) => fields.get(name) === 'true');
  // ipmitool 1.8.19 tries to fill a repository that it finds empty, which is no business of a reading.
  const count = Number(/Record Count\s*:\s*(\d+)/.exec(chassis.stdout)?.[1] ?? 0);
  const sensors = count > 0 ? toSensors((await ask(['sdr elist'])).stdout) : [];
  if (faults.length === 0 && sensors.length === 0 && (recorded === 'OK' || recorded === 'Unknown')) {
    return { health: 'Unknown', evidence: 'IPMI reports no fault, but no sensor has a reading either' };
  }
  return judge(faults, sensors);
}

export interface Sensor {
  name: string;
  health: Health;
  reading: string;
}

/** Lines "name | number | state | entity | reading". A sensor without a reading says nothing. */
export function toSensors(text: string): Sensor[] {
  return text.split('\n').flatMap((line) => {
    const [name, , state, , reading] = line.split('|').map((part) => part.trim());
    if (name === undefined || state === undefined || reading === undefined || state === 'ns') return [];
    return [
      {
        name,
        health: thresholds[/^[lu]?(nc|cr|nr)$/.exec(state)?.[1] ?? ''] ?? severityOf(reading),
        reading,
      },
    ];
  });
}

function judge(faults: string[], sensors: Sensor[]): HealthReading {
  const bad = sensors.filter(({ health }) => health !== 'OK');
  const critical = bad.filter(({ health }) => health === 'Critical');
  const health = faults.length > 0 || critical.length > 0 ? 'Critical' : bad.length > 0 ? 'Warning' : 'OK';
  // Without a sensor the chassis status still names faults, of power, drives and fans (IPMI 2.0 §28.2).
  if (health === 'OK')
    return { health, evidence: `IPMI reports no fault, ${sensors.length || 'no'} sensors have readings` };
  const named = [
    ...faults,
    ...[...critical, ...bad.filter((it) => it.health === 'Warning')].map((it) => `${it.name}: ${it.reading}`),
  ];
  const rest = named.length > mostNamed ? ` and ${named.length - mostNamed} more` : '';
  return { health, evidence: `IPMI reports ${named.slice(0, mostNamed).join(', ')}${rest}` };
}
