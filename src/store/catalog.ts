import { sql } from 'kysely';
import type { Catalog, Flavor, Keypair, Network } from '../core/catalog.ts';
import { conflict, notFound } from '../core/errors.ts';
import type { Port } from '../core/server.ts';
import type { Sql } from './database.ts';
import { listImages } from './image-list.ts';
import { findImage, putImage } from './images.ts';

const flavorColumns = sql`
  id, name, vcpus, ram_mib as "ramMib", disk_gb as "diskGb", extra_specs as "extraSpecs", enabled`;

const networkColumns = sql`
  n.id, n.project_id as "projectId", n.vpc_id as "vpcId", n.name, n.description, n.created_at as "createdAt",
  coalesce((select jsonb_agg(jsonb_build_object('id', s.id, 'networkId', s.network_id, 'name', s.name,
    'cidr', s.cidr, 'gatewayIp', host(s.gateway_ip), 'dns', s.dns) order by s.created_at, s.id)
    from subnets s where s.network_id = n.id), '[]') as subnets`;

const keypairColumns = sql`
  id, user_id as "userId", name, type, public_key as "publicKey", fingerprint, created_at as "createdAt"`;

/** Far more than anybody has. */
const mostImages = 10_000;

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

    listImages: (projectId, { id, name } = {}) =>
      listImages(
        db,
        {
          projectId,
          statuses: ['active'],
          isHidden: false,
          ...(id === undefined ? {} : { ids: [id] }),
          ...(name === undefined ? {} : { names: [name] }),
        },
        { limit: mostImages, sort: [{ key: 'name', descending: false }] },
      ),
    findImage: (id, projectId) => findImage(db, id, projectId),
    putImage: (image) => putImage(db, image),

    async listNetworks(projectId, filter = {}) {
      const { rows } = await sql<Network>`
        select ${networkColumns} from networks n where ${visible(projectId)}
          and (${filter.id ?? null}::text is null or id::text = ${filter.id ?? null})
          and (${filter.name ?? null}::text is null or name = ${filter.name ?? null})
        order by name, id`.execute(db);
      return rows;
    },
    async findNetwork(id, projectId) {
      const { rows } = await sql<Network>`
        select ${networkColumns} from networks n where id::text = ${id} and ${visible(projectId)}`.execute(
        db,
      );
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
    async listPorts(projectId, filter = {}) {
      const { rows } = await sql<Port>`
        select p.id, p.network_id as "networkId", n.name as "networkName", n.vpc_id as "vpcId",
          p.subnet_id as "subnetId", p.project_id as "projectId", p.server_id as "serverId", p.mac,
          host(p.ip) as ip, p.name, p.delete_on_termination as "deleteOnTermination",
          p.address_pairs as "addressPairs",
          coalesce((select jsonb_agg(s.group_id order by s.group_id) from server_security_groups s
            where s.server_id = p.server_id), (select jsonb_agg(g.id) from security_groups g
            where p.server_id is null and g.project_id = p.project_id and g.is_default), '[]') as "securityGroups"
        from ports p join networks n on n.id = p.network_id
        where (${projectId}::text is null or p.project_id = ${projectId})
          and (${filter.id ?? null}::text is null or p.id::text = ${filter.id ?? null})
          and (${filter.serverId ?? null}::text is null or p.server_id::text = ${filter.serverId ?? null})
          and (${filter.networkId ?? null}::text is null or p.network_id::text = ${filter.networkId ?? null})
        order by p.server_id, p.position, p.id`.execute(db);
      return rows;
    },

    async listKeypairs(userId) {
      const { rows } = await sql<Keypair>`
        select ${keypairColumns} from keypairs where user_id = ${userId} order by name`.execute(db);
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
          // The foreign key (23503): an administrator may name any user.
          throw (error as { code?: string }).code === '23503' ? notFound('user', keypair.userId) : error;
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
