/**
 * What must be seen to now and then. A sweep takes no input, does the same thing each time, and may run in every
 * process at once: each pass claims its rows.
 */
import type { Power } from '../core/lifecycle.ts';
import type { PowerSyncNode, Work } from '../core/work.ts';
import type { Drivers } from './clockwork.ts';
import type { Submit } from './submit.ts';

export interface Sweep {
  start(): void;
  stop(): Promise<void>;
  /** One pass of everything, for tests and `ingot` commands. */
  pass(): Promise<void>;
}

export interface SweepRoom {
  work: Work;
  submit: Submit;
  drivers: Drivers;
  log: (error: unknown, message: string) => void;
  retentionMs: number;
  /** 0: real power is not read by itself. */
  powerSyncMs: number;
  purgeTokens: () => Promise<unknown>;
}

const passMs = 1_000;
const housekeepingMs = 30_000;
const powerReadsAtOnce = 64;
/** Two equal readings are believed; one may be a BMC's lag. */
const believed = 2;

export function createSweep(room: SweepRoom): Sweep {
  const { work, log } = room;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let housekeptAt = 0;
  let isStopping = false;

  async function attempt(what: string, part: () => Promise<unknown>): Promise<void> {
    try {
      await part();
    } catch (error) {
      if (!isStopping) log(error, `${what} failed; the next pass tries again`);
    }
  }

  async function pass(): Promise<void> {
    await attempt('taking over from processes that are gone', () => work.releaseDead());
    if (room.powerSyncMs > 0) await attempt('reading power', () => syncPower(room));
    if (Date.now() - housekeptAt < housekeepingMs) return;
    housekeptAt = Date.now();
    await attempt('removing deleted servers', () => work.purgeDeleted(room.retentionMs));
    await attempt('removing expired tokens', () => room.purgeTokens());
  }

  function tick(): void {
    running = pass().finally(() => {
      if (!isStopping) timer = setTimeout(tick, passMs);
    });
  }

  return {
    pass,
    start: tick,
    async stop() {
      isStopping = true;
      clearTimeout(timer);
      await running;
    },
  };
}

/** Reads the machines that are due and idle; a machine with an operation under way is left to it. */
async function syncPower(room: SweepRoom): Promise<void> {
  for (;;) {
    const due = await room.work.claimPowerReads(powerReadsAtOnce, room.powerSyncMs);
    const reads = await Promise.all(due.map((it) => readPower(room, it)));
    if (reads.length > 0) await room.work.writePowerReads(reads);
    if (due.length < powerReadsAtOnce) return;
  }
}

async function readPower(
  room: SweepRoom,
  { node, disagreements, server }: PowerSyncNode,
): Promise<{ nodeId: string; power: Power; disagreements: number }> {
  let power: Power = 'unknown';
  try {
    const reading = await room.drivers[node.driver]?.readPower(node, {
      operation: 'power-sync',
      subJobId: null,
    });
    power = reading?.power ?? 'unknown';
  } catch {
    // A BMC that does not answer says nothing about its machine.
  }
  const wanted = server?.state === 'Running' ? 'on' : server?.state === 'Stopped' ? 'off' : null;
  if (!server || wanted === null || power === 'unknown' || power === wanted) {
    return { nodeId: node.id, power, disagreements: 0 };
  }
  if (disagreements + 1 < believed) return { nodeId: node.id, power, disagreements: disagreements + 1 };
  if (node.powerPolicy === 'enforce') {
    await room.submit.enforcePower({ id: node.id, projectId: server.projectId }, wanted);
  } else {
    const [from, to] =
      power === 'off' ? (['Running', 'Stopped'] as const) : (['Stopped', 'Running'] as const);
    await room.work.moveStable(server.id, from, to, power, `the machine was found ${power} twice`);
  }
  return { nodeId: node.id, power, disagreements: 0 };
}
