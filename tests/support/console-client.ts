/** A WebSocket client of serial consoles, as people's tools are one. */
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';

export interface ConsoleClient {
  /** All that was shown so far. */
  shown(): string;
  type(text: string): void;
  /** Waits until that was shown, beginning behind what was waited for before. */
  see(text: string): Promise<void>;
  /** When the other side ended it. */
  closed: Promise<{ code: number; reason: string }>;
  protocol: string;
  close(): Promise<void>;
}

/** @throws Error with the status code of the refusal: "403" */
export async function openConsole(url: string, protocols: string[] = []): Promise<ConsoleClient> {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), protocols);
  let shown = '';
  let from = 0;
  socket.on('message', (data) => void (shown += (data as Buffer).toString('utf8')));
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('unexpected-response', (_, { statusCode }) => reject(new Error(String(statusCode))));
    socket.on('error', reject);
  });
  return {
    shown: () => shown,
    type: (text) => socket.send(text),
    async see(text) {
      while (!shown.includes(text, from)) {
        if (socket.readyState === socket.CLOSED) throw new Error(`closed without "${text}": ${shown}`);
        await sleep(5);
      }
      from = shown.indexOf(text, from) + text.length;
    },
    closed,
    protocol: socket.protocol,
    async close() {
      socket.close();
      await closed;
    },
  };
}
