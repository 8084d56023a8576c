/** Carries connections from one place to another: out of the rack's network over a unix socket. */
import { connect, createServer, type AddressInfo, type NetConnectOpts, type Server } from 'node:net';

/** Every connection to `from` is carried to `to`. Port 0 takes any free port; see `portOf`. */
export async function forward(
  from: { path: string } | { port: number; host: string },
  to: NetConnectOpts,
): Promise<Server> {
  const server = createServer((near) => {
    const far = connect(to);
    near.pipe(far).pipe(near);
    // One side's end is the other's; an error is followed by `close`.
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => undefined);
      one.once('close', () => other.destroy());
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(from, () => resolve());
  });
  return server;
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
