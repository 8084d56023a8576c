/**
 * In-band inspections: a machine without a server is switched on into the ramdisk, which tells what it is made of, and
 * off again. A row each, looked at like the rows of the engine's other work: a look asks or acts once, and a crash
 * anywhere leaves a row that is due again when the lease ends. Each ends at its deadline at the latest.
 */
import type { Catalog } from '../core/catalog.ts';
import { describeSize, matchFlavor } from '../core/flavor-match.ts';
import type { ClaimedInspection, InspectionEnd, Inspections } from '../core/inspection.ts';
import { notReady, type Node } from '../core/node.ts';
import { DriverError, type Inspector, type Purpose } from '../core/ports.ts';
import type { Nodes } from '../core/records.ts';
import type { Inspectors } from './clockwork.ts';
import { createRounds, type RoundLimits, type Rounds } from './rounds.ts';

export interface InspectionRoom {
  inspections: Inspections;
  inspectors: Inspectors;
  nodes: Pick<Nodes, 'find'>;
  catalog: Pick<Catalog, 'listFlavors'>;
  log: (error: unknown, message: string) => void;
}

const purpose: Purpose = { operation: 'inspect', subJobId: null };
/** Longer than the few requests of a look take; then another process may take it up. */
const leaseMs = 60_000;
/** After a BMC that is away, unless it says for how long. */
const pauseMs = 5_000;

export function inspectionRounds(room: InspectionRoom, limits: RoundLimits): Rounds {
  return createRounds(
    {
      claim: (most) => room.inspections.claim(most, leaseMs),
      keyOf: ({ node }) => node.id,
      async visit(claimed) {
        try {
          await look(room, claimed);
        } catch (error) {
          room.log(error, `the inspection of node ${claimed.node.name} could not go on`);
        }
      },
    },
    limits,
  );
}

async function look(room: InspectionRoom, claimed: ClaimedInspection): Promise<void> {
  const { inspections, inspectors } = room;
  const { node, isBegun, isOverdue, isCancelled } = claimed;
  const inspector = inspectors[node.driver];
  if (!inspector) return fail(room, claimed, null, 'network boot is not set up any more');
  // A machine that was not told yet is left as it is: it may have been the wrong one.
  if (isCancelled) return fail(room, claimed, isBegun ? inspector : null, 'it was cancelled');
  if (isOverdue) return fail(room, claimed, inspector, 'it did not come to its end in time');
  try {
    if (!isBegun) {
      const { evidence, lookInMs } = await inspector.beginInspect(node, purpose);
      return await inspections.postpone(claimed, true, evidence, lookInMs);
    }
    const { status, evidence, lookInMs } = await inspector.readInspect(node, purpose);
    if (status === 'running') return await inspections.postpone(claimed, true, evidence, lookInMs);
    if (status === 'failed') return await fail(room, claimed, inspector, evidence);
    await inspections.end(claimed, await settle(room, node, evidence));
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    if (!error.canRepeat) return fail(room, claimed, inspector, error.message);
    await inspections.postpone(claimed, isBegun, error.message, error.retryAfterMs ?? pauseMs);
  }
}

/** What the ramdisk told stands in the node by now. */
async function settle({ nodes, catalog }: InspectionRoom, given: Node, told: string): Promise<InspectionEnd> {
  const node = (await nodes.find(given.id)) ?? given;
  const end = { status: 'succeeded' as const, evidence: told, flavorId: null };
  const note = node.note.startsWith(notReady) ? '' : node.note;
  if (node.flavorId !== null) return { ...end, standing: 'ready', note };
  const flavor = node.inventory && matchFlavor(node.inventory, await catalog.listFlavors());
  if (flavor) return { ...end, standing: 'ready', note, flavorId: flavor.id };
  const size = node.inventory ? describeSize(node.inventory) : 'nothing is known of it';
  return {
    ...end,
    standing: 'enrolled',
    note: `${notReady}it fits no flavor: ${size}. Name one, or make one of that size (openstack flavor create) and inspect again`,
  };
}

/** The ramdisk's secret is void from here on; that the machine is switched off is tried once. */
async function fail(
  { inspections, log }: InspectionRoom,
  claimed: ClaimedInspection,
  inspector: Inspector | null,
  evidence: string,
): Promise<void> {
  await inspector?.abandonInspect(claimed.node, evidence, purpose).catch((error: unknown) => {
    if (!(error instanceof DriverError)) log(error, 'an inspection could not be given up');
  });
  const note = `${notReady}the inspection in band failed: ${evidence}`.slice(0, 1_000);
  await inspections.end(claimed, { status: 'failed', evidence, standing: 'enrolled', note, flavorId: null });
}
