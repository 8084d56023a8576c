/** How bytes come into an image: by an upload, staged and then imported, or fetched from a URL. */
import type { ContentForm } from './image-content.ts';

export type TransferMethod = 'upload' | 'stage' | 'glance-direct' | 'web-download';

export const hashAlgorithms = ['md5', 'sha256', 'sha512'] as const;
export type HashAlgorithm = (typeof hashAlgorithms)[number];

/** What the bytes must come to, said by whoever registers them. */
export interface ExpectedHash {
  algorithm: HashAlgorithm;
  /** Hex, lower case. */
  value: string;
}

export interface Transfer {
  id: string;
  imageId: string;
  userId: string;
  requestId: string;
  method: TransferMethod;
  /** With `web-download`. */
  uri: string | null;
  expected: ExpectedHash | null;
  attempt: number;
  receivedBytes: number;
  /** As announced; null: not known. */
  totalBytes: number | null;
  /** Of the last attempt, or of the end. */
  error: string | null;
  /** null: not ended. */
  succeeded: boolean | null;
  createdAt: Date;
  endedAt: Date | null;
}

export type NewTransfer = Pick<
  Transfer,
  'id' | 'imageId' | 'userId' | 'requestId' | 'method' | 'uri' | 'expected'
>;

/** A transfer that this process works on. */
export interface ClaimedTransfer extends Transfer {
  diskFormat: string | null;
}

/** A file that is ready to be kept under the name of its hash. */
export interface ReadyFile {
  /** Where it lies until then. */
  path: string;
  sha256: string;
  sizeBytes: number;
  form: ContentForm;
  rawSizeBytes: number;
}

/** Bytes that have come in whole and lie in a file that nobody names yet. */
export interface Received {
  path: string;
  sizeBytes: number;
  md5: string;
  sha256: string;
  sha512: string;
}

/** What an image becomes active with. */
export interface Imported extends Omit<Received, 'path'> {
  disk: ReadyFile;
  /** What is given back as it was registered; null: the unpacked disk is the same. Equal to `disk` when kept as it came. */
  source: ReadyFile | null;
}

/** The rows. */
export interface ImageTransfers {
  /**
   * Opens a transfer and moves the image from `from` into the status of its method. `upload` and `stage` belong to
   * `owner` at once. Throws conflict when the image is in another status.
   */
  open(transfer: NewTransfer, owner: string, leaseMs: number): Promise<void>;
  /** The next that is due and that nobody works on. */
  claim(owner: string, leaseMs: number): Promise<ClaimedTransfer | null>;
  /** Extends the lease and notes how far it is; false: it is not ours any more (the image is gone). */
  report(
    id: string,
    owner: string,
    progress: { received: number; total: number | null },
    leaseMs: number,
  ): Promise<boolean>;
  /** Keeps the files and makes the image active, in one; false: not ours any more. */
  complete(id: string, owner: string, imported: Imported): Promise<boolean>;
  /** The bytes lie staged; false: not ours any more. */
  completeStage(id: string, owner: string): Promise<boolean>;
  /** Ends it; the image becomes queued again (`upload`, `stage`) or killed with this reason. */
  fail(id: string, owner: string, error: string): Promise<void>;
  /** Tries again after a while. */
  postpone(id: string, owner: string, error: string, pauseMs: number): Promise<void>;
  /** Gives back what this process works on (shutdown). */
  release(owner: string): Promise<void>;
  /** Ends uploads whose process is gone; the image waits for bytes again. Says how many. */
  endAbandoned(): Promise<number>;
  /** Newest first. */
  listOfImage(imageId: string): Promise<Transfer[]>;
  /** Bytes of all files together. */
  storedBytes(): Promise<number>;
  /** Removes files that no image names, unless used within this time; says how many. */
  collect(graceMs: number): Promise<number>;
}

/** The folder of files. */
export interface ImageFiles {
  /** Takes bytes in, hashing them. Throws too-large beyond `mostBytes`; what came until then is removed. */
  receive(
    bytes: AsyncIterable<Uint8Array>,
    options: { mostBytes: number; onProgress?: (received: number) => void; signal?: AbortSignal },
  ): Promise<Received>;
  /** Makes of it the disk that machines are given. Throws invalid with what is wrong with the bytes. */
  prepare(received: Received, diskFormat: string, signal?: AbortSignal): Promise<Imported>;
  /** Lays received bytes aside, until they are imported; they survive a crash. */
  stage(received: Received, imageId: string): Promise<void>;
  /** Reads them anew; null: there are none. */
  readStaged(imageId: string, signal?: AbortSignal): Promise<Received | null>;
  removeStaged(imageId: string): Promise<void>;
  /** Takes away what `receive` and `prepare` left; nothing happens when it is gone already. */
  discard(paths: string[]): Promise<void>;
  pathOf(sha256: string): string;
  /** Gives a file its name, beside the one that it has; survives a crash from then on. */
  keep(file: ReadyFile): Promise<void>;
  /** Nothing happens when it is gone already. */
  remove(sha256: string): Promise<void>;
  /** Names of all files that were there already this long ago. */
  listOlderThan(ageMs: number): Promise<string[]>;
}

/** Where a URL leads. */
export interface ImageOrigin {
  /**
   * @throws invalid or not-allowed when asking again would not help; unavailable when it might
   */
  fetch(
    uri: string,
    signal: AbortSignal,
  ): Promise<{ bytes: AsyncIterable<Uint8Array>; total: number | null }>;
  /** Throws as `fetch` does for what can be said without asking anybody. */
  check(uri: string): void;
}
