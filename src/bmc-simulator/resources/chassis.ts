/** The chassis: what is warm, turns and feeds. In Thermal and Power of old, as sensors since Chassis 1.15 (DSP2046). */
import { root } from './paths.ts';
import { fine, link, type Draft } from './draft.ts';

const fans = ['Fan 1', 'Fan 2'];
const supplies = ['PSU 1', 'PSU 2'];

export function addChassis(draft: Draft): void {
  const { settings, paths } = draft;
  const { chassis } = paths;
  const isOld = settings.environment === 'thermal';
  draft.addCollection(`${root}/Chassis`, 'Chassis', [chassis]);
  draft.add(chassis, 'Chassis.v1_24_0.Chassis', ({ machine }) => ({
    Name: 'Chassis',
    ChassisType: 'RackMount',
    Manufacturer: machine.facts.manufacturer,
    Model: machine.facts.model,
    SerialNumber: machine.facts.serial,
    PowerState: machine.reported(),
    Status: fine,
    ...(isOld
      ? { Thermal: link(`${chassis}/Thermal`), Power: link(`${chassis}/Power`) }
      : {
          ThermalSubsystem: link(`${chassis}/ThermalSubsystem`),
          PowerSubsystem: link(`${chassis}/PowerSubsystem`),
          Sensors: link(`${chassis}/Sensors`),
        }),
    Links: { ComputerSystems: [link(paths.system)], ManagedBy: [link(paths.manager)] },
  }));
  if (isOld) addOldEnvironment(draft);
  else addSubsystems(draft);
}

function addOldEnvironment({ paths: { chassis }, add }: Draft): void {
  const at = (kind: string, part: string, index: number) => `${chassis}/${kind}#/${part}/${index}`;
  add(`${chassis}/Thermal`, 'Thermal.v1_7_2.Thermal', ({ machine }) => ({
    Temperatures: ['Inlet', 'CPU 1'].map((Name, index) => ({
      '@odata.id': at('Thermal', 'Temperatures', index),
      MemberId: String(index),
      Name,
      ReadingCelsius: toDegrees(machine.reported(), index),
      UpperThresholdCritical: 90,
      Status: fine,
    })),
    Fans: fans.map((Name, index) => ({
      '@odata.id': at('Thermal', 'Fans', index),
      MemberId: String(index),
      Name,
      Reading: machine.reported() === 'On' ? 6_200 : 0,
      ReadingUnits: 'RPM',
      Status: fine,
    })),
  }));
  add(`${chassis}/Power`, 'Power.v1_7_2.Power', {
    PowerSupplies: supplies.map((Name, index) => ({
      '@odata.id': at('Power', 'PowerSupplies', index),
      MemberId: String(index),
      Name,
      PowerSupplyType: 'AC',
      PowerCapacityWatts: 900,
      LineInputVoltage: 230,
      Status: fine,
    })),
    Voltages: [
      {
        '@odata.id': at('Power', 'Voltages', 0),
        MemberId: '0',
        Name: '12V rail',
        ReadingVolts: 12.1,
        Status: fine,
      },
    ],
  });
}

function addSubsystems({ paths: { chassis }, add, addCollection }: Draft): void {
  const thermal = `${chassis}/ThermalSubsystem`;
  add(thermal, 'ThermalSubsystem.v1_3_0.ThermalSubsystem', { Fans: link(`${thermal}/Fans`), Status: fine });
  const fanPaths = fans.map((_, index) => `${thermal}/Fans/${index + 1}`);
  addCollection(`${thermal}/Fans`, 'Fan', fanPaths);
  for (const [index, path] of fanPaths.entries()) {
    add(path, 'Fan.v1_5_0.Fan', ({ machine }) => ({
      Name: fans[index]!,
      SpeedPercent: { Reading: machine.reported() === 'On' ? 40 : 0 },
      Status: fine,
    }));
  }
  const power = `${chassis}/PowerSubsystem`;
  add(power, 'PowerSubsystem.v1_1_0.PowerSubsystem', {
    PowerSupplies: link(`${power}/PowerSupplies`),
    Status: fine,
  });
  const supplyPaths = supplies.map((_, index) => `${power}/PowerSupplies/${index + 1}`);
  addCollection(`${power}/PowerSupplies`, 'PowerSupply', supplyPaths);
  for (const [index, path] of supplyPaths.entries()) {
    add(path, 'PowerSupply.v1_6_0.PowerSupply', {
      Name: supplies[index]!,
      PowerSupplyType: 'AC',
      PowerCapacityWatts: 900,
      Status: fine,
    });
  }
  const sensors = ['Inlet', 'CPU1'].map((name) => `${chassis}/Sensors/${name}`);
  addCollection(`${chassis}/Sensors`, 'Sensor', sensors);
  for (const [index, path] of sensors.entries()) {
    add(path, 'Sensor.v1_8_0.Sensor', ({ machine }) => ({
      ReadingType: 'Temperature',
      Reading: toDegrees(machine.reported(), index),
      ReadingUnits: 'Cel',
      Thresholds: { UpperCritical: { Reading: 90 } },
      Status: fine,
    }));
  }
}

function toDegrees(power: string, index: number): number {
  return power === 'On' ? [24, 51][index]! : 22;
}
