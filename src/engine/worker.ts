/**
 * Claims due sub-jobs and delivers them, many at once. Woken by the database (NOTIFY) and by its own clock; a slow
 * poll is the backstop. Any number of processes may do this on one database.
 */
import { deliver, type DeliveryRoom } from './delivery.ts';

export interface Worker {
  start(): Promise<void>;
  /** Takes no more work, lets what runs come to its next checkpoint, and hands back the rest. */
  stop(): Promise<void>;
  /** Deliveries under way. */
  readonly busy: number;
  /** Started, and not asked to stop. */
  readonly isAtWork: boolean;
}

const leaseMs = 15_000;
const backstopMs = 1_000;
/** Timers closer together than this are one claim. */
const granularityMs = 10;
const queuePauseMs = 25;
/** Claiming a few at a time keeps the BMCs busy without a statement for each. */
const refillShare = 7 / 8;
const patienceAtStopMs = 5_000;

export function createWorker(room: DeliveryRoom, mostAtOnce: number): Worker {
  const { work, log } = room;
  const running = new Map<string, Promise<void>>();
  let number = 0;
  let isStopping = false;
  let isClaiming = false;
  let claiming: Promise<void> = Promise.resolve();
  let isAskedAgain = false;
  /** The last claim took all that it had room for, so more may be due. */
  let isFull = false;
  let timer: NodeJS.Timeout | undefined;
  let timerAt = Infinity;
  let heartbeat: NodeJS.Timeout | undefined;
  let stopListening: (() => Promise<void>) | undefined;

  function wakeAt(moment: number): void {
    if (isStopping || moment >= timerAt) return;
    clearTimeout(timer);
    timerAt = moment;
    timer = setTimeout(
      () => {
        timerAt = Infinity;
        claim();
      },
      Math.max(moment - Date.now(), granularityMs),
    );
  }

  /** One claim at a time; who asks meanwhile is answered by another round. */
  function claim(): void {
    if (isStopping) return;
    if (isClaiming) {
      isAskedAgain = true;
      return;
    }
    isClaiming = true;
    claiming = claimDue().finally(() => {
      isClaiming = false;
      if (isAskedAgain) claim();
    });
  }

  async function claimDue(): Promise<void> {
    try {
      do {
        isAskedAgain = false;
        const free = mostAtOnce - running.size;
        if (free <= 0) return;
        const deliveries = await work.claim(number, free, leaseMs);
        isFull = deliveries.length === free;
        for (const delivery of deliveries) begin(delivery);
      } while (isAskedAgain && !isFull && !isStopping);
      if (!isFull) wakeAt(await nextDue());
    } catch (error) {
      log(error, 'claiming work failed');
      wakeAt(Date.now() + backstopMs);
    }
  }

  function begin(delivery: Parameters<typeof deliver>[1]): void {
    const { id } = delivery.subJob;
    const end = deliver(room, delivery)
      .then((againInMs) => {
        if (againInMs !== null) wakeAt(Date.now() + againInMs);
      })
      .catch((error: unknown) => log(error, `delivery of sub-job ${id} broke off; its lease will run out`))
      .finally(() => {
        running.delete(id);
        if (running.size <= mostAtOnce * refillShare && isFull) claim();
      });
    running.set(id, end);
  }

  async function nextDue(): Promise<number> {
    const due = await work.nextDueAt();
    // What is due already and was not claimed stands behind another sub-job of the same server or node.
    const dueAt = due ? Math.max(due.getTime(), Date.now() + queuePauseMs) : Infinity;
    return Math.min(dueAt, Date.now() + backstopMs);
  }

  return {
    get busy() {
      return running.size;
    },
    get isAtWork() {
      return heartbeat !== undefined && !isStopping;
    },
    async start() {
      number = await work.join();
      await work.releaseDead();
      stopListening = await work.onWork(() => claim());
      heartbeat = setInterval(() => {
        if (running.size === 0) return;
        work.extendLeases(number, [...running.keys()], leaseMs).catch((error: unknown) => {
          log(error, 'extending leases failed');
        });
      }, leaseMs / 3);
      claim();
    },
    async stop() {
      isStopping = true;
      clearTimeout(timer);
      await stopListening?.();
      await claiming;
      let giveUp: NodeJS.Timeout | undefined;
      const patience = new Promise<void>((resolve) => {
        giveUp = setTimeout(resolve, patienceAtStopMs);
      });
      await Promise.race([Promise.all(running.values()), patience]);
      clearTimeout(giveUp);
      clearInterval(heartbeat);
      await work.release(number);
      await work.leave();
    },
  };
}
