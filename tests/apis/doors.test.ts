/** How callers who come at once are let in, and out. */
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import fastify from 'fastify';
import { expect, it } from 'vitest';
import { canShare } from '../../src/main/doors.ts';
import { listen } from '../../src/main/listen.ts';

const here = { host: '127.0.0.1', port: 0, publicUrl: null };
const callers = 64;

it.runIf(canShare)('takes several callers in one turn of the event loop', async () => {
  const http = fastify();
  let turn = 0;
  const taken = new Map<number, number>();
  let isOver = false;
  const count = () => {
    turn += 1;
    if (!isOver) setImmediate(count);
  };
  const all = new Promise<void>((resolve) => {
    let connections = 0;
    http.server.on('connection', () => {
      taken.set(turn, (taken.get(turn) ?? 0) + 1);
      if (++connections === callers) resolve();
    });
  });
  const { origin, close } = await listen(http, here);
  count();
  const port = Number(new URL(origin).port);
  const sockets = Array.from({ length: callers }, () => connect({ host: here.host, port }));
  await all;
  isOver = true;
  expect(Math.max(...taken.values())).toBeGreaterThan(1);
  for (const socket of sockets) socket.destroy();
  await close();
});

it('ends only when all who are in have their answers, whichever socket took them', async () => {
  const http = fastify({ forceCloseConnections: 'idle' });
  let release!: () => void;
  const released = new Promise<void>((resolve) => (release = resolve));
  let asking = 0;
  const allAsk = new Promise<void>((resolve) => {
    http.get('/', async () => {
      if (++asking === callers) resolve();
      await released;
      return 'answered';
    });
  });
  const { origin, close } = await listen(http, here);
  const answers = Array.from({ length: callers }, async () => (await fetch(origin)).text());
  await allAsk;
  const closed = close();
  release();
  expect(new Set(await Promise.all(answers))).toEqual(new Set(['answered']));
  await closed;
  await expect(fetch(origin)).rejects.toThrow();
});

it('says that a port is somebody else’s', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen({ host: here.host, port: 0 }, resolve));
  const { port } = other.address() as AddressInfo;
  const http = fastify();
  await expect(listen(http, { ...here, port })).rejects.toThrow(`Port ${port} on 127.0.0.1 is in use`);
  await http.close();
  other.close();
});

it('says so of a port of another Ingot', async () => {
  const first = await listen(fastify(), here);
  const port = Number(new URL(first.origin).port);
  const http = fastify();
  await expect(listen(http, { ...here, port })).rejects.toThrow('is in use');
  await http.close();
  await first.close();
});
