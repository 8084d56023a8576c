/**
 * Reading what machines say of their own health. One that turned Critical makes its server Faulty, with what its sensors
 * say as evidence. An operator who clears the fault is believed until the machine changes its mind: nothing happens again
 * before it was well in between.
 */
import { gather } from '../core/gather.ts';
import type { HealthReading } from '../core/ports.ts';
import type { HealthNode, HealthRead, Work } from '../core/work.ts';
import type { Drivers } from './clockwork.ts';
import { createRounds, type RoundLimits, type Rounds } from './rounds.ts';
import { holdVisits, visitLeaseMs } from './visits.ts';

export interface HealthWatchRoom {
  work: Pick<Work, 'claimHealthReads' | 'prolongVisits' | 'writeHealthReads' | 'reportHardwareFault'>;
  drivers: Drivers;
  log: (error: unknown, message: string) => void;
}

const writtenAtOnce = 500;

export function healthRounds(room: HealthWatchRoom, intervalMs: number, limits: RoundLimits): Rounds {
  const { work } = room;
  const write = gather<HealthRead, boolean>(writtenAtOnce, async (reads) => {
    const turned = await work.writeHealthReads(reads);
    return reads.map(({ nodeId }) => turned.has(nodeId));
  });
  return createRounds(
    {
      claim: (most) => work.claimHealthReads(most, intervalMs, visitLeaseMs),
      keyOf: ({ node }) => node.id,
      hold: holdVisits(work),
      async visit(due) {
        try {
          const reading = await readHealth(room, due);
          const hasTurned = await write({ nodeId: due.node.id, health: reading?.health ?? null });
          if (hasTurned && reading?.health === 'Critical') await report(room, due, reading);
        } catch (error) {
          room.log(error, `the health of node ${due.node.name} could not be recorded`);
        }
      },
    },
    limits,
  );
}

/** null: nobody answered, which says nothing about the machine. */
async function readHealth({ drivers }: HealthWatchRoom, { node }: HealthNode): Promise<HealthReading | null> {
  try {
    const purpose = { operation: 'health', subJobId: null } as const;
    const reading = await drivers[node.driver]?.readHealth(node, purpose);
    return reading && reading.health !== 'Unknown' ? reading : null;
  } catch {
    return null;
  }
}

async function report({ work }: HealthWatchRoom, { node }: HealthNode, { evidence }: HealthReading) {
  await work.reportHardwareFault(node.id, {
    message: 'The hardware reports health Critical.',
    details: evidence,
    kind: 'hardware',
    operation: null,
    at: new Date().toISOString(),
  });
}
