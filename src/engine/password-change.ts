/**
 * Changing the password of a BMC in two phases: the new one is committed beside the old one, then the BMC is told, then
 * the new one is tried, and only when it was seen to work does it take the old one's place. A crash anywhere leaves both,
 * and the next pass finds out which one holds. At most one wrong login is risked with each.
 */
import type { Node } from '../core/node.ts';
import { DriverError, type Purpose } from '../core/ports.ts';
import type { PasswordChange, PasswordChanges } from '../core/password-changes.ts';
import { backoffMs, type Drivers } from './clockwork.ts';
import { createRounds, type RoundLimits, type Rounds } from './rounds.ts';

export interface PasswordChangeRoom {
  passwordChanges: PasswordChanges;
  drivers: Drivers;
  log: (error: unknown, message: string) => void;
}

const purpose: Purpose = { operation: 'password', subJobId: null };
/** Longer than any BMC takes for three requests; then another process may take it up. */
const leaseMs = 300_000;
/** After a BMC that is away or says no; multiplied by what a growing backoff says. */
const leastPauseMs = 10_000;

export function passwordRounds(room: PasswordChangeRoom, limits: RoundLimits): Rounds {
  const { passwordChanges, log } = room;
  return createRounds(
    {
      claim: (most) => passwordChanges.claim(most, leaseMs),
      keyOf: ({ node }) => node.id,
      async visit(change) {
        try {
          await changeOne(room, change);
        } catch (error) {
          log(error, `the password of node ${change.node.name} could not be changed`);
        }
      },
    },
    limits,
  );
}

async function changeOne(room: PasswordChangeRoom, { node, next, failures }: PasswordChange): Promise<void> {
  const { passwordChanges, drivers } = room;
  const driver = drivers[node.driver];
  if (!driver) return;
  const renewed = withPassword(node, next);
  try {
    if (await holds(room, node)) await driver.setPassword(node, next, purpose);
    await driver.readPower(renewed, purpose);
    await passwordChanges.complete(node.id, next);
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    // Trying again with a wrong password would lock the account; an operator must look.
    const pauseMs = error.kind === 'denied' ? null : leastPauseMs + backoffMs(failures + 4);
    await passwordChanges.postpone(node.id, error.message, pauseMs);
  }
}

/** Whether the password that we know still opens the BMC; it does not after a crash behind the change. */
async function holds({ drivers }: PasswordChangeRoom, node: Node): Promise<boolean> {
  try {
    await drivers[node.driver]!.readPower(node, purpose);
    return true;
  } catch (error) {
    if (error instanceof DriverError && error.kind === 'denied') return false;
    throw error;
  }
}

function withPassword(node: Node, password: string): Node {
  return { ...node, bmc: { ...node.bmc, password } };
}
