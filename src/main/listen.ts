/** Takes the port, and says in one line what stands in the way. */
import type { FastifyInstance } from 'fastify';
import type { Config } from '../config.ts';

/** @returns the address that callers use @throws Error with one line that names the setting to change */
export async function listen(http: FastifyInstance, { host, port, publicUrl }: Config): Promise<string> {
  try {
    const address = await http.listen({ host, port });
    return publicUrl ?? address;
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'EADDRINUSE')
      throw new Error(`Port ${port} on ${host} is in use; set INGOT_PORT to another one.`);
    if (code === 'EACCES') throw new Error(`Port ${port} on ${host} may not be used by this user.`);
    if (code === 'EADDRNOTAVAIL')
      throw new Error(`${host} is not an address of this machine; set INGOT_HOST.`);
    throw error;
  }
}
