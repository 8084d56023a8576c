/** Reading power. */
import { DriverError, type PowerReading } from '../../core/ports.ts';
import type { BmcAddress } from '../../core/node.ts';
import type { Client } from './bmc.ts';
import { readSystem, toPower } from './system.ts';

/**
 * One look; two where the BMC is known to flap and a reset of ours is recent. Two that differ say nothing, so the
 * question stays open.
 */
export async function readPower(client: Client, named: BmcAddress['system']): Promise<PowerReading> {
  const look = async () => toPower((await readSystem(client, named)).body);
  const first = await look();
  const doubtMs = client.quirks.doubtMs ?? 0;
  if (doubtMs === 0 || client.now() >= client.bmc.resetAt + doubtMs) {
    return { power: first.power, evidence: `Redfish PowerState ${first.word}` };
  }
  const second = await look();
  if (second.power === first.power) {
    return { power: first.power, evidence: `Redfish PowerState ${first.word}, read twice` };
  }
  const words = `The BMC contradicts itself: PowerState ${first.word}, then ${second.word}`;
  throw new DriverError('busy', words, { retryAfterMs: client.inTime(2_000) });
}
