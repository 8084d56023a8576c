import { sql } from 'kysely';
import { checkAtRest } from '../core/alteration.ts';
import { conflict, IngotError, invalid, notFound } from '../core/errors.ts';
import { toVmState } from '../core/lifecycle.ts';
import type { Server } from '../core/server.ts';
import {
  mostDisks,
  nextDevice,
  systemDevice,
  toVolumeStatus,
  type Volume,
  type Volumes,
} from '../core/volume.ts';
import { alter } from './alterations.ts';
import type { Sql, Tx } from './database.ts';
import { type Keyset, readPage, toUuid } from './pages.ts';

const columns = sql`
  v.id, v.project_id as "projectId", v.user_id as "userId", v.name, v.description, v.size_gb as "sizeGb", v.type,
  v.zone, v.shareable, v.bootable, v.metadata, v.created_at as "createdAt", v.updated_at as "updatedAt",
  coalesce((select jsonb_agg(jsonb_build_object('serverId', a.server_id, 'device', a.device,
    'deleteOnTermination', a.delete_on_termination, 'attachedAt', a.attached_at) order by a.attached_at, a.server_id)
    from attachments a where a.volume_id = v.id), '[]') as attachments`;

export function volumes(db: Sql): Volumes {
  return {
    find: (id, projectId) => find(db, id, projectId),

    async list({ projectId, name, status }, page) {
      const isAttached = sql`exists (select 1 from attachments a where a.volume_id = v.id)`;
      const keyset: Keyset = {
        from: sql`volumes v`,
        take: sql`v.*`,
        id: 'v.id',
        ranges: [sql`v.project_id = ${projectId}`],
        where: sql`${name === undefined ? sql`true` : sql`v.name = ${name}`}
          and ${status === undefined ? sql`true` : sql`${isAttached} = ${status === 'in-use'}`}`,
        order: [
          ['v.created_at', 'timestamptz', 'desc'],
          ['v.id', 'uuid', 'desc'],
        ],
        unknown: (marker) => notFound('volume', marker),
      };
      return readPage<Volume>(db, keyset, page, { alias: 'v', columns });
    },

    async usage(projectId) {
      const { rows } = await sql<{ volumes: number; sizeGb: number }>`
        select count(*)::integer as volumes, coalesce(sum(size_gb), 0)::integer as "sizeGb"
        from volumes where project_id = ${projectId}`.execute(db);
      return rows[0]!;
    },

    async create(volume) {
      await sql`
        insert into volumes (id, project_id, user_id, name, description, size_gb, type, zone, shareable, bootable,
          metadata)
        values (${volume.id}, ${volume.projectId}, ${volume.userId}, ${volume.name}, ${volume.description},
          ${volume.sizeGb}, ${volume.type}, ${volume.zone}, ${volume.shareable}, ${volume.bootable},
          ${JSON.stringify(volume.metadata)}::jsonb)`.execute(db);
      return (await find(db, volume.id, volume.projectId))!;
    },

    async change(id, projectId, { name, description, metadata }) {
      await sql`
        update volumes set name = coalesce(${name ?? null}, name),
          description = coalesce(${description ?? null}, description),
          metadata = coalesce(${metadata ? JSON.stringify(metadata) : null}::jsonb, metadata), updated_at = now()
        where id = ${id} and project_id = ${projectId}`.execute(db);
      return find(db, id, projectId);
    },

    remove: (id, projectId) =>
      db.transaction().execute(async (tx) => {
        const volume = await lock(tx, id, projectId);
        if (!volume) return false;
        if (volume.attachments.length > 0) {
          throw conflict(`The volume ${id} is in use; it must be detached first.`, 'volume', id);
        }
        await sql`delete from volumes where id = ${id}`.execute(tx);
        return true;
      }),

    async attach(request, volumeId, asked) {
      let device = '';
      const jobId = await alter(db, 'attach-volume', request, async (tx, server) => {
        checkAtRest(server, 'attach_volume', 'BMS.1001');
        const volume = await lock(tx, volumeId, request.projectId);
        if (!volume) {
          const message = `Attach volume ${volumeId} fail, volume info is null.`;
          throw new IngotError({ ...notFound('volume', volumeId).facts, message, code: 'BMS.0103' });
        }
        checkAttachable(volume, server);
        device = chooseDevice(volume, server, asked);
        await sql`
          insert into attachments (volume_id, server_id, device)
          values (${volume.id}, ${server.id}, ${device})`.execute(tx);
        return [{ volumeId: volume.id }];
      });
      return { jobId, device };
    },

    async detach(request, volumeId) {
      const jobId = await alter(db, 'detach-volume', request, async (tx, server) => {
        const attached = server.volumes.find(({ id }) => id === volumeId);
        if (!attached) {
          const message = `Volume ${volumeId} is not in server ${server.id} attach volume list.`;
          throw new IngotError({ ...notFound('volume', volumeId).facts, message, code: 'BMS.0114' });
        }
        checkAtRest(server, 'detach_volume', 'BMS.1001');
        if (attached.device === systemDevice && toVmState(server) !== 'stopped') {
          throw conflict(
            `The system disk of ${server.id} can be detached only while it is stopped.`,
            'volume',
          );
        }
        await sql`
          delete from attachments where volume_id = ${volumeId} and server_id = ${server.id}`.execute(tx);
        return [{ volumeId }];
      });
      return { jobId };
    },
  };
}

async function find(db: Sql, id: string, projectId: string | null): Promise<Volume | null> {
  const { rows } = await sql<Volume>`
    select ${columns} from volumes v
    where v.id = ${toUuid(id)}::uuid and (${projectId}::text is null or v.project_id = ${projectId})`.execute(
    db,
  );
  return rows[0] ?? null;
}

/** After the server's row, where both are locked. */
async function lock(tx: Tx, id: string, projectId: string): Promise<Volume | null> {
  await sql`select 1 from volumes where id = ${toUuid(id)}::uuid for update`.execute(tx);
  return find(tx, id, projectId);
}

function checkAttachable(volume: Volume, server: Server): void {
  const refuse = (code: string, message: string) => invalid(message, 'volumeId', code);
  const status = toVolumeStatus(volume);
  if (server.flavor.extraSpecs['baremetal:__support_evs'] !== 'true') {
    throw refuse('BMS.0315', `Disks cannot be attached to a BMS using this flavor[${server.flavorId}].`);
  }
  if (volume.zone !== server.zone) {
    throw refuse('BMS.0106', `Attach volume ${volume.id} fail, volume's az is not equal with server's az.`);
  }
  if (server.volumes.some(({ id }) => id === volume.id)) {
    throw refuse(
      'BMS.1009',
      `Attach shareable volume ${volume.id} fail, volume status is ${status}, the volume has been attached to the server.`,
    );
  }
  if (volume.bootable) {
    throw refuse(
      'BMS.0108',
      `Attach volume ${volume.id} fail, root volume does not match the VM, do not change image.`,
    );
  }
  if (status === 'in-use' && !volume.shareable) {
    throw refuse(
      'BMS.1003',
      `Attach shareable volume ${volume.id} fail, volume status is ${status}, not available or inuse.`,
    );
  }
  // The system disk counts, also where it is a disk of the machine.
  if (server.volumes.filter(({ device }) => device !== systemDevice).length + 1 >= mostDisks) {
    throw refuse('BMS.1002', `Attach volume fail, server ${server.id} attachment num over limit.`);
  }
}

/** A device that is named must be the next one. */
function chooseDevice(volume: Volume, server: Server, asked: string): string {
  const next = nextDevice(server.volumes.map(({ device }) => device));
  if (asked === '' || asked === next) return next;
  throw asked === systemDevice
    ? invalid(
        `Attach volume ${volume.id} fail, data volume can not attach in root volume device.`,
        'device',
        'BMS.0104',
      )
    : invalid(`Attach volume ${volume.id} fail, device is illegal.`, 'device', 'BMS.0105');
}
