/** Restarting the BMC itself, by Manager.Reset (DSP2046). The machine goes on as it is. */
import { DriverError, type Acknowledgement } from '../../core/ports.ts';
import type { BmcAddress } from '../../core/node.ts';
import { isSuccess } from './answer.ts';
import type { Client } from './bmc.ts';
import { readManagers } from './controllers.ts';
import { toRecord, toText } from './fields.ts';
import { allowableValues } from './reset.ts';
import { readSystem } from './system.ts';

/** Gently where it can be; Dell has nothing else (libredfish). */
const resetTypes = ['GracefulRestart', 'ForceRestart'];
/** Where nothing is known: to ping after a minute, to REST 30 s later (xcat#3310). Milliseconds. */
const usualRestartMs = 90_000;

export async function resetBmc(client: Client, named: BmcAddress['system']): Promise<Acknowledgement> {
  const { body: system } = await readSystem(client, named);
  for (const manager of await readManagers(client, system)) {
    const action = toRecord(toRecord(manager['Actions'])['#Manager.Reset']);
    const path = toText(action['target']);
    if (path === null) continue;
    const allowed = await allowableValues(client, action);
    const resetType = allowed === null ? resetTypes[0] : resetTypes.find((type) => allowed.includes(type));
    if (resetType === undefined) continue;
    const answer = await client.send({ method: 'POST', path, body: { ResetType: resetType } });
    if (!isSuccess(answer)) throw client.toError(answer);
    client.bmc.forgetSessions();
    return {
      evidence: `ResetType ${resetType} of the BMC was answered ${answer.statusCode}`,
      lookInMs: client.inTime(client.quirks.restartMs ?? usualRestartMs),
    };
  }
  throw new DriverError('unsupported', 'The BMC cannot be restarted over Redfish');
}
