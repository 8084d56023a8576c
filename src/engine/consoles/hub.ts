/**
 * One machine's console, watched by any number of people: what the machine writes goes to all of them, what one of them
 * types goes to the machine. A console that breaks off is opened again a few times while somebody watches, for BMCs
 * restart.
 */
import { DriverError, type Driver, type SerialConsole } from '../../core/ports.ts';
import { mostLogBytes } from '../../core/serial-console.ts';
import type { Node } from '../../core/node.ts';

/** Somebody who watches. */
export interface Viewer {
  /** For whom the rules of the server count; null: an operator at the machine itself. */
  serverId: string | null;
  show(bytes: Uint8Array): void;
  /** Called once, with the reason in words. */
  end(reason: string): void;
}

export interface HubRoom {
  driver: Driver;
  node: Node;
  /** Told of what has come, now and then and at the end; never overlapping. */
  keepLog: (content: Buffer) => Promise<void>;
  /** Nobody watches any more, or the console is lost. */
  onEmpty: () => void;
  /** Pauses before a lost console is opened again, in milliseconds. */
  reopenMs?: readonly number[];
}

/** So much of what came before is shown to whoever joins, in bytes. */
const shownToNewcomers = 4 * 1024;
const keepLogMs = 1_000;
const reopenDefaults = [1_000, 5_000, 15_000, 30_000];

export class Hub {
  readonly node: Node;
  readonly #room: HubRoom;
  readonly #viewers = new Set<Viewer>();
  #console: SerialConsole | null = null;
  #opening: Promise<void> | null = null;
  #tail = Buffer.alloc(0);
  #isOver = false;
  #attempts = 0;
  #reopenTimer: NodeJS.Timeout | undefined;
  #keepTimer: NodeJS.Timeout | undefined;
  #keeping: Promise<void> = Promise.resolve();

  constructor(room: HubRoom) {
    this.#room = room;
    this.node = room.node;
  }

  /** @throws DriverError when the console cannot be had */
  async join(viewer: Viewer): Promise<void> {
    this.#viewers.add(viewer);
    const past = this.#tail.subarray(-shownToNewcomers);
    if (past.length > 0) viewer.show(past);
    try {
      await (this.#opening ??= this.#open());
    } catch (error) {
      this.#opening = null;
      this.leave(viewer);
      throw error;
    }
  }

  leave(viewer: Viewer): void {
    if (this.#viewers.delete(viewer) && this.#viewers.size === 0) this.#finish();
  }

  type(bytes: Uint8Array): void {
    this.#console?.write(bytes);
  }

  /** Ends the visits of those to whom it applies. */
  dismiss(isMeant: (viewer: Viewer) => boolean, reason: string): void {
    for (const viewer of [...this.#viewers].filter(isMeant)) {
      this.leave(viewer);
      viewer.end(reason);
    }
  }

  /** What was kept is written. */
  settled(): Promise<void> {
    return this.#keeping;
  }

  async #open(): Promise<void> {
    const console = await this.#room.driver.openConsole(this.node);
    if (this.#isOver) return console.close();
    this.#console = console;
    console.onData((bytes) => {
      if (this.#isOver) return; // its last words, when nobody is there any more
      this.#attempts = 0;
      this.#keep(bytes);
      for (const viewer of this.#viewers) viewer.show(bytes);
    });
    console.onClose((reason) => this.#lost(reason));
  }

  #lost(reason: string): void {
    this.#console = null;
    if (this.#isOver) return;
    const pause = (this.#room.reopenMs ?? reopenDefaults)[this.#attempts];
    this.#attempts += 1;
    if (pause === undefined) return this.dismiss(() => true, reason);
    this.#tell(`${reason}; trying again in ${pause / 1_000} s`);
    this.#reopenTimer = setTimeout(() => {
      this.#open().catch((error: unknown) => {
        this.#lost(error instanceof DriverError ? error.message : 'The console could not be opened again');
      });
    }, pause);
  }

  /** A line of ours among those of the machine. */
  #tell(words: string): void {
    const line = Buffer.from(`\r\n[${words}]\r\n`);
    for (const viewer of this.#viewers) viewer.show(line);
  }

  #keep(bytes: Uint8Array): void {
    this.#tail = Buffer.concat([this.#tail, bytes]).subarray(-mostLogBytes);
    this.#keepTimer ??= setTimeout(() => this.#writeLog(), keepLogMs);
  }

  #writeLog(): void {
    clearTimeout(this.#keepTimer);
    this.#keepTimer = undefined;
    const content = this.#tail;
    this.#keeping = this.#keeping.then(() => this.#room.keepLog(content));
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#reopenTimer);
    if (this.#keepTimer) this.#writeLog();
    this.#console?.close();
    this.#room.onEmpty();
  }
}
