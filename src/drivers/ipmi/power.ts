/** Power over IPMI 2.0, Chassis Control (28.3): a level is read, asked for once if it does not hold, and never toggled. */
import { DriverError, type Acknowledgement, type PowerReading } from '../../core/ports.ts';
import { commandFailure } from './answer.ts';
import type { Ask } from './bmc.ts';
import type { Output } from './ipmitool.ts';

const words = { on: 'Up/On', off: 'Down/Off' } as const;

export async function readPower(ask: Ask): Promise<PowerReading> {
  const power = toPower(await ask(['chassis power status']));
  return { power, evidence: `IPMI chassis power is ${power}` };
}

export async function setPower(ask: Ask, wanted: 'on' | 'off', lookInMs: number): Promise<Acknowledgement> {
  if ((await readPower(ask)).power === wanted) {
    return { evidence: `IPMI chassis power is ${wanted} already; nothing was sent`, lookInMs: 0 };
  }
  const output = await ask([`chassis power ${wanted}`], 'acting');
  if (output.stdout.includes(`Chassis Power Control: ${words[wanted]}`)) {
    return { evidence: `IPMI took the command power ${wanted}`, lookInMs };
  }
  const failure = commandFailure(`power ${wanted}`, output);
  // Refused although, or because, it is as it should be: D5h "not supported in present state".
  const isThere = await readPower(ask).then(({ power }) => power === wanted);
  if (!isThere) throw failure;
  return { evidence: `${failure.message}; but the chassis power is ${wanted}`, lookInMs: 0 };
}

function toPower(output: Output): 'on' | 'off' {
  const found = /Chassis Power is (on|off)/.exec(output.stdout)?.[1];
  if (found === 'on' || found === 'off') return found;
  const failure = commandFailure('the reading of its power', output);
  // A reading harms nobody, so what was lost on the way is simply asked again.
  throw failure.kind === 'rejected' ? new DriverError('unreachable', failure.message) : failure;
}
