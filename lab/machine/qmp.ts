/** QEMU's machine protocol: a line of JSON per message over a unix socket. */
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Qmp {
  /** @throws Error with QEMU's words */
  execute(command: string, args?: Record<string, unknown>): Promise<unknown>;
  /** Why QEMU ended: `guest-reset`, `guest-shutdown`, `host-signal`…; null while it runs. */
  readonly shutdownReason: string | null;
}

interface Message {
  id?: number;
  event?: string;
  data?: { reason?: string };
  return?: unknown;
  error?: { desc: string };
}

/** Null if QEMU ended before it took the connection. */
export async function connectQmp(path: string, ended: Promise<void>): Promise<Qmp | null> {
  const state = { hasEnded: false };
  void ended.then(() => (state.hasEnded = true));
  for (;;) {
    const socket = await tryConnect(path);
    if (socket) return converse(socket);
    if (state.hasEnded) return null;
    await sleep(20);
  }
}

function tryConnect(path: string): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket)).once('error', () => resolve(null));
  });
}

async function converse(socket: Socket): Promise<Qmp> {
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let count = 0;
  let shutdownReason: string | null = null;
  const lines = createInterface({ input: socket });
  lines.on('line', (line) => {
    const message = JSON.parse(line) as Message;
    if (message.event === 'SHUTDOWN') shutdownReason = message.data?.reason ?? 'unknown';
    if (message.id === undefined) return;
    const asked = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.error) asked?.reject(new Error(`QEMU: ${message.error.desc}`));
    else asked?.resolve(message.return);
  });
  // A killed QEMU resets the connection; `close` follows. The reader passes errors on as its own.
  for (const source of [socket, lines]) source.on('error', () => undefined);
  socket.once('close', () => {
    for (const { reject } of waiting.values()) reject(new Error('QEMU ended'));
    waiting.clear();
  });

  const execute: Qmp['execute'] = (command, args) =>
    new Promise((resolve, reject) => {
      if (socket.destroyed) return reject(new Error('QEMU ended'));
      const id = (count += 1);
      waiting.set(id, { resolve, reject });
      socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    });
  await execute('qmp_capabilities').catch(() => undefined); // it ended meanwhile: later commands say so
  return {
    execute,
    get shutdownReason() {
      return shutdownReason;
    },
  };
}
