/** Reading real power: the record follows the machine, or the machine is put back to the record, as its node says. */
import { gather } from '../core/gather.ts';
import { lifecycle, stateAtRest, type Power } from '../core/lifecycle.ts';
import type { PowerSyncNode, Work } from '../core/work.ts';
import type { Drivers } from './clockwork.ts';
import { createRounds, type RoundLimits, type Rounds } from './rounds.ts';
import { holdVisits, visitLeaseMs } from './visits.ts';
import type { Submit } from './submit.ts';

export interface PowerSyncRoom {
  work: Pick<Work, 'claimPowerReads' | 'prolongVisits' | 'writePowerReads' | 'moveStable'>;
  submit: Pick<Submit, 'enforcePower'>;
  drivers: Drivers;
  log: (error: unknown, message: string) => void;
}

interface Reading {
  nodeId: string;
  power: Power;
  disagreements: number;
}

/** Two equal readings are believed; one may be a BMC's lag. */
const believed = 2;
const writtenAtOnce = 500;

/** Over the machines whose power is due and on which nothing is under way; operations have them to themselves. */
export function powerRounds(room: PowerSyncRoom, intervalMs: number, limits: RoundLimits): Rounds {
  const { work } = room;
  const write = gather<Reading, null>(writtenAtOnce, async (readings) => {
    await work.writePowerReads(readings);
    return readings.map(() => null);
  });
  return createRounds(
    {
      claim: (most) => work.claimPowerReads(most, intervalMs, visitLeaseMs),
      keyOf: ({ node }) => node.id,
      hold: holdVisits(work),
      async visit(due) {
        try {
          await write(await readPower(room, due));
        } catch (error) {
          room.log(error, `the power of node ${due.node.name} could not be recorded`);
        }
      },
    },
    limits,
  );
}

async function readPower(
  room: PowerSyncRoom,
  { node, disagreements, server }: PowerSyncNode,
): Promise<Reading> {
  let power: Power = 'unknown';
  try {
    const purpose = { operation: 'power-sync', subJobId: null } as const;
    power = (await room.drivers[node.driver]?.readPower(node, purpose))?.power ?? 'unknown';
  } catch {
    // A BMC that does not answer says nothing about its machine.
  }
  const wanted = server && lifecycle[server.state].rests;
  if (!wanted || power === 'unknown' || power === wanted) {
    return { nodeId: node.id, power, disagreements: 0 };
  }
  if (disagreements + 1 < believed) return { nodeId: node.id, power, disagreements: disagreements + 1 };
  if (node.powerPolicy === 'enforce') {
    await room.submit.enforcePower({ id: node.id, projectId: server.projectId }, wanted);
  } else {
    const reason = `the machine was found ${power} twice`;
    await room.work.moveStable(server.id, server.state, stateAtRest(power), power, reason);
  }
  return { nodeId: node.id, power, disagreements: 0 };
}
