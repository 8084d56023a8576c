/** A machine's serial line on a TCP port, as ipmi_sim dials it: what the BMC types is echoed in brackets. */
import { createServer, type AddressInfo, type Socket } from 'node:net';

export interface SerialLine {
  port: number;
  /** All that was typed at the machine. */
  typed(): Buffer;
  /** The machine writes. */
  say(text: string): void;
  /** When the BMC has dialled in. */
  connected: Promise<void>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startSerialLine(): Promise<SerialLine> {
  const sockets = new Set<Socket>();
  let typed = Buffer.alloc(0);
  const connected = Promise.withResolvers<void>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.on('data', (bytes: Buffer) => {
      typed = Buffer.concat([typed, bytes]);
      socket.write(`[${bytes.toString('latin1')}]`, 'latin1');
    });
    connected.resolve();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return {
    port: (server.address() as AddressInfo).port,
    typed: () => typed,
    say: (text) => sockets.forEach((socket) => socket.write(text)),
    connected: connected.promise,
    close,
    [Symbol.asyncDispose]: close,
  };
}
