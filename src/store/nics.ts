/** NICs of servers that are there already. How addresses are handed out is in `placement.ts`. */
import { sql } from 'kysely';
import { checkAtRest } from '../core/alteration.ts';
import { conflict, invalid } from '../core/errors.ts';
import type { Nics } from '../core/network.ts';
import { alter } from './alterations.ts';
import { catalog } from './catalog.ts';
import type { Sql } from './database.ts';
import { connect } from './placement.ts';

export function nics(db: Sql): Nics {
  return {
    async attach(request, wanted) {
      const portIds: string[] = [];
      const jobId = await alter(db, 'add-nic', request, async (tx, server) => {
        checkAtRest(server, 'attach_interface');
        const taken = server.ports.find(({ id }) => wanted.some(({ portId }) => portId === id));
        if (taken) throw conflict(`The port ${taken.id} is in use.`, 'port', taken.id);
        const { rows } = await sql<{ next: number }>`
          select coalesce(max(position) + 1, 0) as next from ports where server_id = ${server.id}`.execute(
          tx,
        );
        for (const [at, nic] of wanted.entries()) {
          const { id } = await connect(tx, server.id, server.projectId, rows[0]!.next + at, nic);
          portIds.push(id);
        }
        return portIds.map((nicId) => ({ nicId }));
      });
      return { jobId, portIds };
    },

    async detach(request, portIds, keepPorts) {
      const jobId = await alter(db, 'remove-nic', request, async (tx, server) => {
        checkAtRest(server, 'detach_interface');
        const unknown = portIds.find((id) => !server.ports.some((port) => port.id === id));
        if (unknown !== undefined) {
          throw invalid(`The port ${unknown} is not one of the server ${server.id}.`, 'nics');
        }
        if (portIds.includes(server.ports[0]!.id)) {
          throw invalid('primary port can not be deleted.', 'nics', 'BMS.0222');
        }
        await sql`
          delete from ports where id = any(${portIds}::uuid[]) and delete_on_termination and not ${keepPorts}`.execute(
          tx,
        );
        await sql`
          update ports set server_id = null, position = 0, delete_on_termination = false
          where id = any(${portIds}::uuid[])`.execute(tx);
        return portIds.map((nicId) => ({ nicId }));
      });
      return { jobId };
    },

    async change(portId, projectId, change) {
      await sql`
        update ports set
          name = coalesce(${change.name ?? null}, name),
          delete_on_termination = coalesce(${change.deleteOnTermination ?? null}, delete_on_termination),
          address_pairs = coalesce(${change.addressPairs ?? null}::text[], address_pairs)
        where id = ${portId} and project_id = ${projectId}`.execute(db);
      const [port] = await catalog(db).listPorts(projectId, { id: [portId] }, { limit: 1 });
      return port ?? null;
    },
  };
}
