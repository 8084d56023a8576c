/** Somebody who reads a machine's serial console, and types. */
import { connect, type Socket } from 'node:net';

export class Console {
  /** All that was said, line ends and colours as they came. */
  text = '';
  readonly #socket: Socket;
  readonly #listeners = new Set<() => void>();
  #isClosed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (bytes) => {
      this.text += bytes.toString('latin1');
      this.#tell();
    });
    socket.on('error', () => undefined); // `close` follows
    socket.once('close', () => {
      this.#isClosed = true;
      this.#tell();
    });
  }

  /** @param path the hub's socket for readers; what was said before is in `text` soon */
  static async open(path: string): Promise<Console> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new Console(socket);
  }

  /** A place in the text, to wait for what comes after it. */
  get mark(): number {
    return this.text.length;
  }

  type(text: string): void {
    this.#socket.write(text);
  }

  /**
   * Waits until the text after `from` matches.
   *
   * @throws Error with the last lines, when `signal` ends the patience or the console is gone
   */
  waitFor(pattern: RegExp, from = 0, signal?: AbortSignal): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        this.#listeners.delete(look);
        signal?.removeEventListener('abort', look);
      };
      const look = () => {
        const found = pattern.exec(this.text.slice(from));
        if (found) {
          settle();
          return resolve(found);
        }
        if (!this.#isClosed && !signal?.aborted) return;
        settle();
        const last = this.text.slice(from).trimEnd().split(/\r?\n/).slice(-15).join('\n');
        reject(new Error(`The console did not say ${pattern}; its last lines:\n${last}`));
      };
      this.#listeners.add(look);
      signal?.addEventListener('abort', look);
      look();
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
