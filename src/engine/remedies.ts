/** Choosing and applying what is tried when a deadline passes; which state tries what stands in the lifecycle table. */
import { remediesLeft, stateOf } from '../core/lifecycle.ts';
import type { StepName } from '../core/operations.ts';
import { DriverError, type Acknowledgement } from '../core/ports.ts';
import { remedyKinds, type Remedy } from '../core/remedy.ts';
import type { Delivery, DeliveryOutcome } from '../core/work.ts';
import type { Drivers } from './clockwork.ts';

/** A BMC that does not answer cannot be told to do anything but be asked once more. */
export function nextRemedy(
  { server, subJob, node }: Delivery,
  { checkpoint, remedies, step }: DeliveryOutcome,
) {
  const state = server?.state ?? stateOf(subJob.operation);
  const canCommand = node !== null && !checkpoint.failures;
  return remediesLeft(state, remedies).find((remedy) => {
    if (remedy === 'cycle power' && !cycled.includes(step)) return false;
    return canCommand || !remedyKinds[remedy].needsBmc;
  });
}

/** The steps after which a machine may be switched off once more without harm to anybody's system. */
const cycled: readonly StepName[] = ['deploy', 'power-on', 'first-boot'];

/** What the outcome becomes by it. Throws only for errors of our own. */
export async function applyRemedy(
  remedy: Remedy,
  drivers: Drivers,
  delivery: Delivery,
  { checkpoint, evidence }: DeliveryOutcome,
): Promise<Partial<DeliveryOutcome>> {
  switch (remedy) {
    case 'read again':
      return { checkpoint };
    case 'send again':
      return { checkpoint: {} };
    case 'cycle power':
      return { checkpoint: { cycling: {} } };
    case 'restart the BMC': {
      const said = await restartBmc(drivers, delivery);
      return {
        checkpoint: {},
        evidence: `${evidence ?? 'nothing was seen'}; ${said.evidence}`,
        runInMs: said.lookInMs,
      };
    }
  }
}

/** Restarting twice does no harm, so that it needs no note before it. A BMC that cannot is left as it is. */
async function restartBmc(drivers: Drivers, { node, subJob }: Delivery): Promise<Acknowledgement> {
  const driver = node && drivers[node.driver];
  if (!node || !driver) return { evidence: 'there is no BMC to restart', lookInMs: 0 };
  try {
    return await driver.resetBmc(node, { operation: subJob.operation, subJobId: subJob.id });
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    return { evidence: `the BMC was not restarted: ${error.message}`, lookInMs: 0 };
  }
}
