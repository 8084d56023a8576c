/**
 * Sensors of a chassis: Thermal and Power of old, which hold all readings in one resource each; else ThermalMetrics; else
 * the Sensors collection, in which each reading is a resource of its own (Chassis 1.15, DSP2046).
 */
import type { Sensor } from '../../core/hardware.ts';
import type { Client } from './bmc.ts';
import { isAbsent, readMembers } from './collection.ts';
import { toLink, toList, toRecord, type Json } from './fields.ts';
import { nameOf, pick } from './inventory-facts.ts';

/** Some machines have hundreds, and each costs a request. */
const mostSensors = 96;

export async function readSensors(client: Client, chassis: Json): Promise<Sensor[]> {
  const [thermal, power] = await Promise.all([
    client.find(toLink(chassis['Thermal'])),
    client.find(toLink(chassis['Power'])),
  ]);
  const old = [
    ...toSensors(thermal?.['Temperatures'], 'Temperature', 'ReadingCelsius', 'Cel'),
    ...toSensors(power?.['Voltages'], 'Voltage', 'ReadingVolts', 'V'),
  ];
  if (old.length > 0) return old;
  const metrics = await readMetrics(client, chassis);
  if (metrics.length > 0) return metrics;
  const sensors = await readMembers(client, toLink(chassis['Sensors']), mostSensors);
  return sensors.filter((sensor) => !isAbsent(sensor)).map(toSensor);
}

function toSensors(list: unknown, kind: string, reading: string, units: string): Sensor[] {
  return toList(list)
    .map(toRecord)
    .filter((sensor) => !isAbsent(sensor))
    .map((sensor) => ({
      name: nameOf(sensor),
      kind,
      units,
      ...pick(sensor, { state: 'Status.State', health: 'Status.Health' }, { reading }),
    }));
}

async function readMetrics(client: Client, chassis: Json): Promise<Sensor[]> {
  const thermal = await client.find(toLink(chassis['ThermalSubsystem']));
  const metrics = await client.find(toLink(thermal?.['ThermalMetrics']));
  return toList(metrics?.['TemperatureReadingsCelsius'])
    .map(toRecord)
    .map((excerpt) => ({
      kind: 'Temperature',
      units: 'Cel',
      ...pick(excerpt, { name: 'DeviceName' }, { reading: 'Reading' }),
    }));
}

function toSensor(sensor: Json): Sensor {
  return {
    name: nameOf(sensor),
    ...pick(
      sensor,
      { kind: 'ReadingType', units: 'ReadingUnits', state: 'Status.State', health: 'Status.Health' },
      { reading: 'Reading' },
    ),
  };
}
