/**
 * Brings bytes into images. What a request carries (upload, stage) is taken in while it waits; imports (of what was
 * staged, or from a URL) are rows that any process goes on with: a process that dies loses its lease, and another one,
 * or the next start, begins that attempt again.
 */
import { randomUUID } from 'node:crypto';
import { IngotError, invalid } from '../core/errors.ts';
import type { Image } from '../core/image.ts';
import type {
  ClaimedTransfer,
  ExpectedHash,
  ImageFiles,
  ImageOrigin,
  ImageTransfers,
  Imported,
  Received,
  TransferMethod,
} from '../core/image-transfer.ts';
import { backoffMs } from './clockwork.ts';
import { newId } from './ids.ts';

export interface IntakeRoom {
  transfers: ImageTransfers;
  files: ImageFiles;
  origin: ImageOrigin;
  log: (error: unknown, message: string) => void;
  /** Bytes of one image as registered, and of all files together. */
  limits: { mostBytes: number; mostStoredBytes: number };
}

export interface Asking {
  userId: string;
  requestId: string;
}

export interface Intake {
  /** Comes back when the image is active. Throws what is wrong with the bytes; the image is queued again then. */
  upload(
    image: Image,
    who: Asking,
    bytes: AsyncIterable<Uint8Array>,
    expected: ExpectedHash | null,
  ): Promise<void>;
  stage(image: Image, who: Asking, bytes: AsyncIterable<Uint8Array>): Promise<void>;
  /** Accepts the import; it goes on by itself. */
  importStaged(image: Image, who: Asking): Promise<void>;
  importFrom(uri: string, image: Image, who: Asking, expected: ExpectedHash | null): Promise<void>;
  start(): void;
  /** Lets go of what is under way. */
  stop(): Promise<void>;
}

/** What holds a transfer while its bytes come in. */
interface Hold {
  /** Aborted when the transfer is another's by now, or Ingot stops. */
  signal: AbortSignal;
  /** In bytes; told with each beat. */
  progress: { received: number; total: number | null };
  /** The last statement follows, which finds out by itself whose the transfer is; a beat under way may come after it. */
  end(): void;
}

const leaseMs = 15_000;
const beatMs = 2_000;
const pollMs = 1_000;
const importsAtOnce = 2;
/** The pauses between them come to about a minute. */
const mostAttempts = 8;
const graceMs = 10 * 60_000;
const collectMs = 60_000;

/** Failures that another attempt may mend. */
const passing: readonly string[] = ['unavailable', 'internal'];

export function createIntake(room: IntakeRoom): Intake {
  const { transfers, files, log } = room;
  const owner = randomUUID();
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  let timer: NodeJS.Timeout | undefined;
  let collectedAt = 0;
  let passed: Promise<void> = Promise.resolve();
  let isPassing = false;
  let isAskedAgain = false;

  async function open(
    method: TransferMethod,
    image: Image,
    who: Asking,
    more: { uri?: string; expected?: ExpectedHash | null } = {},
  ): Promise<string> {
    if (!image.diskFormat || !image.containerFormat) {
      throw invalid(
        'The image needs a disk_format and a container_format before it gets bytes.',
        'disk_format',
      );
    }
    const id = newId();
    const { uri = null, expected = null } = more;
    await transfers.open({ id, imageId: image.id, ...who, method, uri, expected }, owner, leaseMs);
    return id;
  }

  async function roomLeft(): Promise<number> {
    const left = room.limits.mostStoredBytes - (await transfers.storedBytes());
    if (left <= 0) throw full();
    return Math.min(left, room.limits.mostBytes);
  }

  /** While `work` runs the lease is extended, and the row says how far it is. */
  async function holding<T>(id: string, work: (hold: Hold) => Promise<T>): Promise<T> {
    const lost = new AbortController();
    const progress: Hold['progress'] = { received: 0, total: null };
    let isEnding = false;
    const beat = setInterval(() => {
      transfers.report(id, owner, progress, leaseMs).then(
        (isOurs) => {
          if (!isOurs && !isEnding)
            lost.abort(new IngotError({ kind: 'superseded', message: 'The image was deleted.' }));
        },
        // The database is away; the lease may outlast that.
        (error: unknown) => log(error, 'telling how far an image has come failed'),
      );
    }, beatMs);
    const signal = AbortSignal.any([lost.signal, stopping.signal]);
    const end = () => {
      isEnding = true;
      clearInterval(beat);
    };
    try {
      // A sender that falls silent must not hold up a stop; what waits for its bytes ends with the connection.
      return await Promise.race([work({ signal, progress, end }), whenAborted(signal)]);
    } finally {
      end();
    }
  }

  async function finish(
    id: string,
    received: Received,
    facts: { diskFormat: string; expected: ExpectedHash | null },
    hold: Hold,
  ): Promise<void> {
    const made = [received.path];
    try {
      checkHash(received, facts.expected);
      const imported = await files.prepare(received, facts.diskFormat, hold.signal);
      made.push(imported.disk.path);
      if (sizeOf(imported) > room.limits.mostStoredBytes - (await transfers.storedBytes())) throw full();
      hold.end();
      if (!(await transfers.complete(id, owner, imported))) throw deletedMeanwhile();
    } finally {
      await files.discard(made);
    }
  }

  async function carry(transfer: ClaimedTransfer): Promise<void> {
    const { id, imageId, method } = transfer;
    try {
      await holding(id, async (hold) => {
        const received =
          method === 'web-download'
            ? await download(transfer, hold)
            : await files.readStaged(imageId, hold.signal);
        if (!received) throw invalid('What was staged is not on this machine any more.');
        await finish(
          id,
          received,
          { diskFormat: transfer.diskFormat ?? 'raw', expected: transfer.expected },
          hold,
        );
      });
      await files.removeStaged(imageId);
    } catch (error) {
      if (stopping.signal.aborted) return;
      await giveUpOrPostpone(transfer, error);
    }
  }

  async function download(transfer: ClaimedTransfer, { signal, progress }: Hold): Promise<Received> {
    const mostBytes = await roomLeft();
    const { bytes, total } = await room.origin.fetch(transfer.uri!, signal);
    progress.total = total;
    if (total !== null && total > mostBytes) throw tooLarge(mostBytes);
    const onProgress = (received: number) => {
      progress.received = received;
    };
    const received = await files.receive(bytes, { mostBytes, onProgress, signal });
    if (total !== null && received.sizeBytes !== total) {
      await files.discard([received.path]);
      throw new IngotError({
        kind: 'unavailable',
        message: `${received.sizeBytes} bytes came where ${total} were announced.`,
      });
    }
    return received;
  }

  async function giveUpOrPostpone(transfer: ClaimedTransfer, error: unknown): Promise<void> {
    const { id, imageId, attempt } = transfer;
    const facts = error instanceof IngotError ? error.facts : null;
    if (facts === null) log(error, `bringing in the image ${imageId} failed`);
    const message = facts?.message ?? 'Ingot failed; its log says how.';
    const mayPass = facts === null || passing.includes(facts.kind);
    if (mayPass && attempt < mostAttempts) {
      const again = `${message} (attempt ${attempt} of ${mostAttempts})`;
      await transfers.postpone(id, owner, again, backoffMs(attempt));
      return;
    }
    await transfers.fail(id, owner, message);
    await files.removeStaged(imageId);
  }

  /** As many imports as there is room for. */
  async function pass(): Promise<void> {
    await transfers.endAbandoned();
    while (running.size < importsAtOnce && !stopping.signal.aborted) {
      const transfer = await transfers.claim(owner, leaseMs);
      if (!transfer) break;
      const work: Promise<void> = carry(transfer)
        .catch((error: unknown) => log(error, 'an import could not be ended; its lease will run out'))
        .finally(() => {
          running.delete(work);
          wake();
        });
      running.add(work);
    }
    if (Date.now() - collectedAt < collectMs) return;
    collectedAt = Date.now();
    await transfers.collect(graceMs);
  }

  function tick(): void {
    isAskedAgain = isPassing;
    if (isPassing) return;
    isPassing = true;
    passed = pass()
      .catch((error: unknown) => {
        if (!stopping.signal.aborted)
          log(error, 'looking for images to import failed; the next pass tries again');
      })
      .finally(() => {
        isPassing = false;
        if (!stopping.signal.aborted) timer = setTimeout(tick, isAskedAgain ? 0 : pollMs);
      });
  }

  function wake(): void {
    if (stopping.signal.aborted) return;
    clearTimeout(timer);
    tick();
  }

  /** For bytes that a request carries. */
  async function take(id: string, work: (hold: Hold) => Promise<void>): Promise<void> {
    try {
      await holding(id, work);
    } catch (error) {
      const known = isCutOff(error) ? invalid('The bytes did not come in whole.') : error;
      const message = known instanceof IngotError ? known.facts.message : 'Ingot failed; its log says how.';
      await transfers.fail(id, owner, message);
      throw known;
    }
  }

  async function receive(bytes: AsyncIterable<Uint8Array>, { signal, progress }: Hold): Promise<Received> {
    const onProgress = (received: number) => {
      progress.received = received;
    };
    return files.receive(bytes, { mostBytes: await roomLeft(), onProgress, signal });
  }

  return {
    async upload(image, who, bytes, expected) {
      const id = await open('upload', image, who, { expected });
      await take(id, async (hold) => {
        const received = await receive(bytes, hold);
        await finish(id, received, { diskFormat: image.diskFormat!, expected }, hold);
      });
    },

    async stage(image, who, bytes) {
      const id = await open('stage', image, who);
      await take(id, async (hold) => {
        const received = await receive(bytes, hold);
        await files.stage(received, image.id);
        hold.end();
        if (await transfers.completeStage(id, owner)) return;
        await files.removeStaged(image.id);
        throw deletedMeanwhile();
      });
    },

    async importStaged(image, who) {
      await open('glance-direct', image, who);
      wake();
    },

    async importFrom(uri, image, who, expected) {
      room.origin.check(uri);
      await open('web-download', image, who, { uri, expected });
      wake();
    },

    start: tick,

    async stop() {
      stopping.abort(
        new IngotError({ kind: 'unavailable', message: 'Ingot is stopping.', retryAfterSeconds: 5 }),
      );
      clearTimeout(timer);
      await Promise.allSettled([passed, ...running]);
      await transfers.release(owner);
    },
  };
}

/** The sender closed the connection. */
function isCutOff(error: unknown): boolean {
  return (error as { code?: string }).code === 'ECONNRESET';
}

function deletedMeanwhile(): IngotError {
  return new IngotError({
    kind: 'not-found',
    subject: 'image',
    message: 'The image was deleted meanwhile.',
  });
}

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

/** What is kept of it; what was registered packed may be the disk itself. */
function sizeOf({ disk, source }: Imported): number {
  return disk.sizeBytes + (source && source.sha256 !== disk.sha256 ? source.sizeBytes : 0);
}

function checkHash(received: Received, expected: ExpectedHash | null): void {
  if (!expected || received[expected.algorithm] === expected.value) return;
  const { algorithm, value } = expected;
  throw invalid(`The ${algorithm} of the bytes is ${received[algorithm]}, not ${value} as was said.`);
}

function tooLarge(mostBytes: number): IngotError {
  const message = `The image is larger than the ${mostBytes} bytes that it may have here.`;
  return new IngotError({ kind: 'too-large', message });
}

function full(): IngotError {
  const message = 'The images take all the room that they may have (INGOT_IMAGE_CACHE_GB).';
  return new IngotError({ kind: 'too-large', message });
}
