/** Servers, requests and outcomes for tests of the store, without the engine's steps. */
import { randomUUID } from 'node:crypto';
import type { Operation } from '../../src/core/operations.ts';
import type { NewServer, RequestedNic } from '../../src/core/server.ts';
import type { Delivery, DeliveryOutcome } from '../../src/core/work.ts';
import { createClockwork } from '../../src/engine/clockwork.ts';
import { createSubmit, type Accepted } from '../../src/engine/submit.ts';
import { rentEverything } from '../crash/process.ts';
import type { Store } from '../support/store.ts';

const clockwork = createClockwork({}, 1);
export const leaseMs = 15_000;

/** Servers in Running, each on a node of its own, in the order of their ids. */
export async function rent(store: Store, count: number): Promise<string[]> {
  for (let made = 0; made < count; made++) await store.makeNode();
  return rentEverything(store.database.pool);
}

function toRequest(store: Store, operation: Operation) {
  const actor = { userId: store.userId, requestId: 'test' };
  return { door: 'nova' as const, projectId: store.projectId, actor, operation, input: {} };
}

export function ask(store: Store, operation: Operation, serverIds: string[]): Promise<Accepted> {
  return createSubmit(store.work, clockwork).forServers(toRequest(store, operation), serverIds, 'strict');
}

export function askNode(store: Store, power: 'on' | 'off', nodeId: string): Promise<void> {
  return createSubmit(store.work, clockwork).enforcePower({ id: nodeId, projectId: store.projectId }, power);
}

/** Accepts new servers and claims their sub-jobs for worker 1. */
export async function create(
  store: Store,
  servers: Partial<NewServer>[],
  nics: RequestedNic[] = [{ networkId: store.network.id, ip: null, portId: null }],
): Promise<Delivery[]> {
  const given = servers.map((change) => toNewServer(store, nics, change));
  await createSubmit(store.work, clockwork).create(toRequest(store, 'create'), given, null);
  return store.work.claim(1, servers.length, leaseMs);
}

function toNewServer(store: Store, nics: RequestedNic[], change: Partial<NewServer>): NewServer {
  return {
    id: randomUUID(),
    projectId: store.projectId,
    userId: store.userId,
    door: 'nova',
    name: 'new',
    description: '',
    flavorId: store.flavor.id,
    imageId: store.image.id,
    zone: 'eu-de-01',
    vpcId: null,
    nics,
    keyName: null,
    userData: null,
    publicKey: null,
    adminPasswordHash: null,
    metadata: {},
    tags: [],
    schedulerHints: {},
    enterpriseProjectId: '0',
    reservationId: 'r-00000000',
    launchIndex: 0,
    ...change,
  };
}

/** What a stop that worked comes to. */
export function stopped(
  { subJob, fence, server }: Delivery,
  change: Partial<DeliveryOutcome> = {},
): DeliveryOutcome {
  return {
    subJobId: subJob.id,
    fence,
    expectedState: server?.state ?? null,
    status: 'succeeded',
    step: 'power-off',
    checkpoint: {},
    runInMs: 0,
    waitsFor: null,
    evidence: 'it is off',
    remedies: [],
    remedy: null,
    deadlineInMs: null,
    error: null,
    server: server && { state: 'Stopped', taskState: null, power: 'off' },
    node: null,
    ...change,
  };
}

export const idOf = ({ subJob }: Delivery) => subJob.id;

export async function stateOf(store: Store, id: string): Promise<string | undefined> {
  return (await store.servers.find(id, null))?.state;
}
