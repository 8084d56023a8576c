/** Somebody who reads what a machine says on its serial line, and types. */
import { connect } from 'node:net';
import type { Readable, Writable } from 'node:stream';

export class Terminal {
  /** All that was said, line ends and colours as they came. */
  text = '';
  readonly #output: Readable;
  readonly #input: Writable;
  readonly #listeners = new Set<() => void>();
  #isClosed = false;

  /** @param output of the other side, which we read; `input` is what we type into */
  constructor(output: Readable, input: Writable) {
    this.#output = output;
    this.#input = input;
    output.on('data', (bytes: Buffer) => {
      this.text += bytes.toString('latin1');
      this.#tell();
    });
    for (const side of new Set<Readable | Writable>([output, input])) side.on('error', () => undefined); // `close` follows
    output.once('close', () => {
      this.#isClosed = true;
      this.#tell();
    });
  }

  /** @param path the console hub's socket for readers; what was said before is not told again */
  static async open(path: string): Promise<Terminal> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve).once('error', reject);
    });
    return new Terminal(socket, socket);
  }

  /** A place in the text, to wait for what comes after it. */
  get mark(): number {
    return this.text.length;
  }

  /** Called whenever something new was said. */
  onText(listener: () => void): void {
    this.#listeners.add(listener);
  }

  type(text: string): void {
    this.#input.write(text);
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
    this.#output.destroy();
    this.#input.destroy();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
