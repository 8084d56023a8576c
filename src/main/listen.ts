/** Takes the port, and says in one line what stands in the way. */
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Config } from '../config.ts';
import { canShare, checkFree, openDoors } from './doors.ts';

export interface Listening {
  /** The address that callers use. */
  origin: string;
  /** Lets nobody in any more, and ends when those who are in have their answers. */
  close(): Promise<void>;
}

/** @throws Error with one line that names the setting to change */
export async function listen(
  http: FastifyInstance,
  { host, port, publicUrl }: Pick<Config, 'host' | 'port' | 'publicUrl'>,
): Promise<Listening> {
  try {
    if (canShare) await checkFree(host, port);
    const address = await http.listen({ host, port, ...(canShare && { reusePort: true }) });
    const closeDoors = canShare ? await openDoors(http.server, http.addresses() as AddressInfo[]) : null;
    const close = async () => {
      const closed = closeDoors?.();
      await http.close();
      // Those who were answered meanwhile and keep their connections.
      http.server.closeIdleConnections();
      await closed;
    };
    return { origin: publicUrl ?? address, close };
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'EADDRINUSE')
      throw new Error(`Port ${port} on ${host} is in use; set INGOT_PORT to another one.`);
    if (code === 'EACCES') throw new Error(`Port ${port} on ${host} may not be used by this user.`);
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN')
      throw new Error(`${host} is not an address of this machine; set INGOT_HOST.`);
    throw error;
  }
}
