/**
 * The serial line of one machine. QEMU dials in at each start; readers stay connected over power cycles: people and tests
 * on a unix socket, the BMC on a TCP port (ipmi_sim looks for a lost console only every 10 s, so it must never lose it).
 * Everything is kept in `console.log`.
 */
import { createWriteStream, type WriteStream } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

export class ConsoleHub {
  /** Where QEMU dials in. */
  readonly socket: string;
  /** Where people listen and type; what was said before is in the log. */
  readonly readerSocket: string;
  readonly logFile: string;
  /** Where the BMC listens and types, on 127.0.0.1. */
  port = 0;
  readonly #log: WriteStream;
  readonly #servers: Server[] = [];
  readonly #readers = new Set<Socket>();
  #machine: Socket | null = null;

  constructor(folder: string) {
    this.socket = join(folder, 'serial.sock');
    this.readerSocket = join(folder, 'console.sock');
    this.logFile = join(folder, 'console.log');
    this.#log = createWriteStream(this.logFile, { flags: 'a' });
  }

  async listen(): Promise<void> {
    await this.#serve((socket) => this.#plugIn(socket), this.socket);
    await this.#serve((socket) => this.#addReader(socket), this.readerSocket);
    const server = await this.#serve((socket) => this.#addReader(socket), 0);
    this.port = (server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of [this.#machine, ...this.#readers]) socket?.destroy();
    await Promise.all(
      this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))),
    );
    await new Promise<void>((resolve) => this.#log.end(resolve));
  }

  async #serve(onConnection: (socket: Socket) => void, place: string | number): Promise<Server> {
    const server = createServer((socket) => {
      socket.on('error', () => undefined); // `close` follows
      onConnection(socket);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      if (typeof place === 'number') server.listen(place, '127.0.0.1', resolve);
      else server.listen(place, resolve);
    });
    this.#servers.push(server);
    return server;
  }

  #plugIn(machine: Socket): void {
    this.#machine?.destroy();
    this.#machine = machine;
    machine.on('data', (bytes) => {
      this.#log.write(bytes);
      for (const reader of this.#readers) reader.write(bytes);
    });
    machine.once('close', () => {
      if (this.#machine === machine) this.#machine = null;
    });
  }

  #addReader(reader: Socket): void {
    reader.setNoDelay(true);
    this.#readers.add(reader);
    reader.on('data', (bytes) => this.#machine?.write(bytes));
    reader.once('close', () => this.#readers.delete(reader));
  }
}
