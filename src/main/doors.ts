/**
 * Several listening sockets for one port. A turn of Node's event loop takes one new connection from each (libuv since
 * 1.45), and under load a turn takes tens of milliseconds: of two hundred callers who come at once, the last would wait
 * for seconds before anybody hears it.
 */
import type { Server as HttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';

const moreDoors = 7;

/** Whether sockets of one process can share a port here (Node names the systems; SO_REUSEPORT of Linux spreads callers). */
export const canShare = process.platform === 'linux';

/**
 * Sharing takes away the error for a port that somebody else has, so it is asked for beforehand.
 * @throws what listening throws
 */
export async function checkFree(host: string, port: number): Promise<void> {
  if (port === 0) return;
  const probe = createServer();
  await listen(probe, { host, port });
  await new Promise((resolve) => probe.close(resolve));
}

/**
 * @param http listens already, with `reusePort`
 * @returns what closes them: nobody is let in any more at once, and the promise ends with the connections
 */
export async function openDoors(http: HttpServer, addresses: AddressInfo[]): Promise<() => Promise<void>> {
  const doors: Server[] = [];
  const close = async () => {
    await Promise.all(doors.map((door) => new Promise<void>((resolve) => door.close(() => resolve()))));
  };
  try {
    for (const { address, port } of addresses) {
      for (let times = 0; times < moreDoors; times += 1) {
        // As http.Server makes its own.
        const door = createServer({ allowHalfOpen: true, noDelay: true });
        door.on('connection', (socket) => http.emit('connection', socket));
        await listen(door, { host: address, port, reusePort: true });
        doors.push(door);
      }
    }
  } catch (error) {
    await close();
    throw error;
  }
  return close;
}

function listen(server: Server, options: { host: string; port: number; reusePort?: boolean }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
