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
}

const leaseMs = 15_000;
const backstopMs = 1_000;
/** Timers closer together than this are one claim. */
const granularityMs = 10;
const queuePauseMs = 25;
const patienceAtStopMs = 5_000;

export function createWorker(room: DeliveryRoom, mostAtOnce: number): Worker {
  const { work, log } = room;
  const running = new Map<string, Promise<void>>();
  let number = 0;
  let isStopping = false;
  let isClaiming = false;
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
        void claim();
      },
      Math.max(moment - Date.now(), granularityMs),
    );
  }

  async function claim(): Promise<void> {
    if (isClaiming) {
      isAskedAgain = true;
      return;
    }
    isClaiming = true;
    try {
      do {
        isAskedAgain = false;
        const free = mostAtOnce - running.size;
        if (isStopping || free <= 0) break;
        const deliveries = await work.claim(number, free, leaseMs);
        isFull = deliveries.length === free;
        for (const delivery of deliveries) begin(delivery);
      } while (isAskedAgain && !isFull);
    } catch (error) {
      log(error, 'claiming work failed');
    } finally {
      isClaiming = false;
      if (running.size < mostAtOnce) void wakeAtNextDue();
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
        if (isFull && running.size <= mostAtOnce / 2) void claim();
      });
    running.set(id, end);
  }

  async function wakeAtNextDue(): Promise<void> {
    let due: Date | null = null;
    try {
      due = await work.nextDueAt();
    } catch (error) {
      log(error, 'asking for the next due work failed');
    }
    // What is due already and was not claimed stands behind another sub-job of the same server or node.
    const dueAt = due ? Math.max(due.getTime(), Date.now() + queuePauseMs) : Infinity;
    wakeAt(Math.min(dueAt, Date.now() + backstopMs));
  }

  return {
    get busy() {
      return running.size;
    },
    async start() {
      number = await work.join();
      await work.releaseDead();
      stopListening = await work.onWork(() => void claim());
      heartbeat = setInterval(() => {
        if (running.size === 0) return;
        work.extendLeases(number, [...running.keys()], leaseMs).catch((error: unknown) => {
          log(error, 'extending leases failed');
        });
      }, leaseMs / 3);
      void claim();
    },
    async stop() {
      isStopping = true;
      clearTimeout(timer);
      await stopListening?.();
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
