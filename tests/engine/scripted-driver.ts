/** A driver for tests of the engine: one set of machines, answering as the script says. The real ones have suites of their own. */
import { DriverError, type Driver, type Installer } from '../../src/core/ports.ts';

export interface Script {
  /** What each power command does: it works, is refused, or is lost; and what readings say meanwhile. */
  commands: 'work' | 'refused' | 'lost';
  power: 'on' | 'off' | 'unreachable';
  deploy: 'done' | 'failed' | 'running';
  wipe: 'done' | 'failed';
  firstBoot: 'done' | 'failed' | 'running';
  /** What a restart of the BMC mends: nothing, or that commands are lost. */
  bmcRestart: 'useless' | 'mends';
  /** How often the BMC was restarted. */
  bmcRestarts: number;
  /** Power commands taken. */
  taken: ('on' | 'off')[];
}

export function scriptedDriver(): { driver: Driver & Installer; script: Script } {
  const script: Script = {
    commands: 'work',
    power: 'off',
    deploy: 'done',
    wipe: 'done',
    firstBoot: 'done',
    bmcRestart: 'useless',
    bmcRestarts: 0,
    taken: [],
  };
  const read = () => {
    if (script.power === 'unreachable') throw new DriverError('unreachable', 'scripted: no answer');
    return { power: script.power, evidence: `scripted: power ${script.power}` };
  };
  const lacking = () => Promise.reject(new DriverError('unsupported', 'scripted: there is none'));
  const driver: Driver & Installer = {
    name: 'scripted',
    powerLagMs: 40,
    equalReadings: 1,
    timeScale: 0.000_001,
    readPower: async () => read(),
    async setPower(_node, power) {
      if (script.commands === 'refused') throw new DriverError('rejected', 'scripted: the BMC says no');
      read();
      script.taken.push(power);
      if (script.commands === 'work') script.power = power;
      return { evidence: `scripted: took power ${power}`, lookInMs: 0 };
    },
    setBootDevice: async () => ({ evidence: 'scripted: boot device set', lookInMs: 0 }),
    inspect: () => Promise.reject(new DriverError('unsupported', 'scripted: no inventory')),
    beginDeploy: async () => ({ evidence: 'scripted: deploying', lookInMs: 0 }),
    readDeploy: async () => ({
      status: script.deploy,
      evidence: `scripted: deploy ${script.deploy}`,
      lookInMs: 10,
    }),
    readFirstBoot: async () => ({
      status: script.firstBoot,
      evidence: `scripted: first boot ${script.firstBoot}`,
      lookInMs: 10,
    }),
    readHealth: async () => ({ health: 'OK', evidence: 'scripted: well' }),
    readEventLog: async () => [],
    async resetBmc() {
      read();
      script.bmcRestarts += 1;
      if (script.bmcRestart === 'mends') script.commands = 'work';
      return { evidence: 'scripted: BMC restarted', lookInMs: 0 };
    },
    setPassword: lacking,
    insertMedia: lacking,
    ejectMedia: lacking,
    openConsole: lacking,
    beginWipe: async () => ({ evidence: 'scripted: wiping', lookInMs: 0 }),
    readWipe: async () => ({ status: script.wipe, evidence: `scripted: wipe ${script.wipe}`, lookInMs: 10 }),
    close: async () => undefined,
  };
  return { driver, script };
}
