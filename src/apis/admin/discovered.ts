/** Machines that were met on the provisioning network and are no nodes. */
import { ok, type Answer } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { toDiscovered } from './wire.ts';

/** All of them at once: their number is bounded. */
export async function list({ discoveries }: Cloud): Promise<Answer> {
  return ok({ discovered: (await discoveries.list()).map(toDiscovered) });
}
