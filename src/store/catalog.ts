import { sql } from 'kysely';
import type { Catalog, Flavor, Keypair, Network } from '../core/catalog.ts';
import { conflict, notFound } from '../core/errors.ts';
import type { Sql } from './database.ts';
import { listImages } from './image-list.ts';
import { findImage, putImage } from './images.ts';
import { listChosenNetworks, networkColumns } from './network-lists.ts';
import { toUuid } from './pages.ts';
import { listPorts } from './ports.ts';

const flavorColumns = sql`
  id, name, vcpus, ram_mib as "ramMib", disk_gb as "diskGb", extra_specs as "extraSpecs", enabled`;

const keypairColumns = sql`
  id, user_id as "userId", name, type, public_key as "publicKey", fingerprint, created_at as "createdAt"`;

const mostImages = 1_000;

const foreignKeyViolation = '23503';

export function catalog(db: Sql): Catalog {
  /** What a project sees: its own and what is open to all. null sees everything. */
  const visible = (projectId: string | null) =>
    sql`(${projectId}::text is null or project_id is null or project_id = ${projectId})`;

  return {
    async listFlavors() {
      const { rows } = await sql<Flavor>`select ${flavorColumns} from flavors order by id`.execute(db);
      return rows;
    },
    async findFlavor(id) {
      const { rows } = await sql<Flavor>`select ${flavorColumns} from flavors where id = ${id}`.execute(db);
      return rows[0] ?? null;
    },
    async putFlavor(flavor) {
      await sql`
        insert into flavors (id, name, vcpus, ram_mib, disk_gb, extra_specs, enabled)
        values (${flavor.id}, ${flavor.name}, ${flavor.vcpus}, ${flavor.ramMib}, ${flavor.diskGb},
          ${JSON.stringify(flavor.extraSpecs)}::jsonb, ${flavor.enabled})
        on conflict (id) do update set name = excluded.name, vcpus = excluded.vcpus, ram_mib = excluded.ram_mib,
          disk_gb = excluded.disk_gb, extra_specs = excluded.extra_specs, enabled = excluded.enabled`.execute(
        db,
      );
    },
    async addFlavor(flavor) {
      // One statement that looks and writes: who comes second finds the first one's id, which is the key.
      const { numAffectedRows } = await sql`
        insert into flavors (id, name, vcpus, ram_mib, disk_gb, extra_specs, enabled)
        select ${flavor.id}, ${flavor.name}, ${flavor.vcpus}::int, ${flavor.ramMib}::int, ${flavor.diskGb}::int,
          ${JSON.stringify(flavor.extraSpecs)}::jsonb, ${flavor.enabled}::boolean
        where not exists (select 1 from flavors where name = ${flavor.name})
        on conflict (id) do nothing`.execute(db);
      if (numAffectedRows === 0n) {
        throw conflict(
          `There is a flavor with the id ${flavor.id} or the name ${flavor.name}.`,
          'flavor',
          flavor.id,
        );
      }
    },
    async addExtraSpecs(id, specs) {
      const { numAffectedRows } = await sql`
        update flavors set extra_specs = extra_specs || ${JSON.stringify(specs)}::jsonb where id = ${id}`.execute(
        db,
      );
      return numAffectedRows === 1n;
    },
    async removeExtraSpec(id, key) {
      const { numAffectedRows } = await sql`
        update flavors set extra_specs = extra_specs - ${key}::text where id = ${id} and extra_specs ? ${key}::text`.execute(
        db,
      );
      return numAffectedRows === 1n;
    },
    async removeFlavor(id) {
      const deleted = sql`delete from flavors where id = ${id}`.execute(db);
      const { numAffectedRows } = await deleted.catch((error: unknown) => {
        if ((error as { code?: string }).code !== foreignKeyViolation) throw error;
        throw conflict(`The flavor ${id} is that of nodes or servers.`, 'flavor', id);
      });
      return numAffectedRows === 1n;
    },
    async listCapacity(projectId) {
      const { rows } = await sql<{ flavorId: string; zone: string; free: number }>`
        select flavor_id as "flavorId", zone, count(*) as free from nodes
        where standing = 'ready' and server_id is null and (project_id is null or project_id = ${projectId})
        group by flavor_id, zone`.execute(db);
      return rows;
    },
    async listZones() {
      const { rows } = await sql<{ zone: string }>`select distinct zone from nodes order by zone`.execute(db);
      return rows.map(({ zone }) => zone);
    },

    listImages: (projectId, { id, name } = {}, page = {}) =>
      listImages(
        db,
        {
          projectId,
          statuses: ['active'],
          isHidden: false,
          ...(id === undefined ? {} : { ids: [id] }),
          ...(name === undefined ? {} : { names: [name] }),
        },
        { limit: mostImages, ...page, sort: [{ key: 'name', descending: false }] },
      ),
    findImage: (id, projectId) => findImage(db, id, projectId),
    putImage: (image) => putImage(db, image),

    listNetworks: (projectId, choice) => listChosenNetworks(db, projectId, choice),
    async findNetwork(id, projectId) {
      const { rows } = await sql<Network>`
        select ${networkColumns} from networks n where id = ${toUuid(id)}::uuid
          and ${visible(projectId)}`.execute(db);
      return rows[0] ?? null;
    },
    async putNetwork(network) {
      await db.transaction().execute(async (tx) => {
        await sql`
          insert into networks (id, project_id, vpc_id, name, description)
          values (${network.id}, ${network.projectId}, ${network.vpcId}, ${network.name}, ${network.description})
          on conflict (id) do update set name = excluded.name, description = excluded.description`.execute(
          tx,
        );
        for (const subnet of network.subnets) {
          await sql`
            insert into subnets (id, network_id, name, cidr, gateway_ip, dns)
            values (${subnet.id}, ${network.id}, ${subnet.name}, ${subnet.cidr}, ${subnet.gatewayIp}, ${subnet.dns})
            on conflict (id) do update set name = excluded.name, dns = excluded.dns`.execute(tx);
        }
      });
    },
    listPorts: (projectId, filter, page) => listPorts(db, projectId, filter, page),

    async listKeypairs(userId, { limit, marker } = {}) {
      const behind = marker === undefined ? sql`true` : sql`name > ${marker}`;
      const { rows } = await sql<Keypair>`
        select ${keypairColumns} from keypairs where user_id = ${userId} and ${behind}
        order by name limit ${limit ?? null}::bigint`.execute(db);
      return rows;
    },
    async findKeypair(userId, name) {
      const { rows } = await sql<Keypair>`
        select ${keypairColumns} from keypairs where user_id = ${userId} and name = ${name}`.execute(db);
      return rows[0] ?? null;
    },
    async createKeypair(keypair) {
      const { rows } = await sql<Keypair>`
        insert into keypairs (user_id, name, type, public_key, fingerprint)
        values (${keypair.userId}, ${keypair.name}, ${keypair.type}, ${keypair.publicKey}, ${keypair.fingerprint})
        on conflict (user_id, name) do nothing returning ${keypairColumns}`
        .execute(db)
        .catch((error: unknown) => {
          // An administrator may name any user.
          throw (error as { code?: string }).code === foreignKeyViolation
            ? notFound('user', keypair.userId)
            : error;
        });
      if (!rows[0]) throw conflict(`Key pair '${keypair.name}' already exists.`, 'keypair', keypair.name);
      return rows[0];
    },
    async removeKeypair(userId, name) {
      const { rows } = await sql`
        delete from keypairs where user_id = ${userId} and name = ${name} returning id`.execute(db);
      return rows.length > 0;
    },
  };
}
