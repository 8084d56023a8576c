/** The records of images, and with whom they are shared. */
import { sql } from 'kysely';
import { conflict, notFound } from '../core/errors.ts';
import type { Image, ImageChange, ImageMember, Images, NewImage } from '../core/image.ts';
import type { Sql, Tx } from './database.ts';
import { listImages } from './image-list.ts';
import { fromImages, imageColumns, isUsableBy } from './image-rows.ts';
import { toUuid } from './pages.ts';

const memberColumns = sql`
  image_id as "imageId", project_id as "projectId", status, created_at as "createdAt", updated_at as "updatedAt"`;

export function images(db: Sql): Images {
  return {
    find: (id, projectId) => findImage(db, id, projectId),
    list: (filter, page) => listImages(db, filter, page),

    async create(image) {
      const { rows } = await insert(image).execute(db);
      if (rows.length === 0) throw conflict(`Image ID ${image.id} already exists!`, 'image', image.id);
      return (await findImage(db, image.id, null))!;
    },

    async revise(id, decide) {
      const isThere = await db.transaction().execute(async (tx) => {
        const image = await lock(tx, id);
        if (image) await write(tx, id, decide(image));
        return image !== null;
      });
      return isThere ? findImage(db, id, null) : null;
    },

    async move(id, from, to) {
      const { rows } = await sql`
        update images set status = ${to}, updated_at = now() where id = ${id} and status = any(${from})
        returning id`.execute(db);
      return rows.length > 0;
    },

    remove: (id, check) =>
      db.transaction().execute(async (tx) => {
        const image = await lock(tx, id);
        if (!image) return false;
        check(image);
        await sql`delete from images where id = ${id}`.execute(tx);
        return true;
      }),

    async capture({ id, serverId, name, properties }) {
      const { rows } = await sql<{ driver: string | null; made: string | null }>`
        with s as (
          select v.id, v.project_id, v.image_id, n.driver from servers v left join nodes n on n.id = v.node_id
          where v.id = ${serverId}
        ), made as (
          insert into images (id, project_id, name, os_type, os_bits, status, visibility, disk_format, container_format,
            min_disk_gb, min_ram_mib, size_bytes, md5, sha512, source_file, disk_file, properties)
          select ${id}, s.project_id, ${name}, i.os_type, i.os_bits, 'active', 'private', i.disk_format,
            coalesce(i.container_format, 'bare'), i.min_disk_gb, i.min_ram_mib, i.size_bytes, i.md5, i.sha512,
            i.source_file, i.disk_file, i.properties || jsonb_build_object('image_type', 'snapshot', '__imagetype',
              'private', 'base_image_ref', i.id::text, 'instance_uuid', s.id::text)
              || ${JSON.stringify(properties)}::jsonb
          from s join images i on i.id = s.image_id where s.driver = 'simulated'
          returning id
        )
        select s.driver, (select id from made) as made from s`.execute(db);
      const row = rows[0];
      if (row?.made) return 'done';
      return row?.driver === 'simulated' ? 'no image' : 'real machine';
    },

    async listMembers(imageId) {
      const { rows } = await sql<ImageMember>`
        select ${memberColumns} from image_members where image_id = ${imageId} order by created_at, project_id`.execute(
        db,
      );
      return rows;
    },

    async addMember(imageId, projectId) {
      const { rows } = await sql<ImageMember>`
        insert into image_members (image_id, project_id)
        select ${imageId}, id from projects where id = ${projectId}
        on conflict do nothing returning ${memberColumns}`.execute(db);
      if (rows[0]) return rows[0];
      const known = await sql`select 1 from projects where id = ${projectId}`.execute(db);
      if (known.rows.length === 0) throw notFound('project', projectId);
      throw conflict(`The target member ${projectId} is already associated with image ${imageId}.`);
    },

    async setMemberStatus(imageId, projectId, status) {
      const { rows } = await sql<ImageMember>`
        update image_members set status = ${status}, updated_at = now()
        where image_id = ${imageId} and project_id = ${projectId} returning ${memberColumns}`.execute(db);
      return rows[0] ?? null;
    },

    async removeMember(imageId, projectId) {
      const { rows } = await sql`
        delete from image_members where image_id = ${imageId} and project_id = ${projectId}
        returning 1`.execute(db);
      return rows.length > 0;
    },
  };
}

export async function findImage(db: Sql | Tx, id: string, projectId: string | null): Promise<Image | null> {
  const { rows } = await sql<Image>`
    select ${imageColumns} from ${fromImages} where i.id = ${toUuid(id)}::uuid and ${isUsableBy(projectId)}`.execute(
    db,
  );
  return rows[0] ?? null;
}

/** An image of the installation is laid anew at each first start that did not come to its end. */
export async function putImage(db: Sql, image: NewImage): Promise<void> {
  await insert(image).execute(db);
}

function insert(image: NewImage) {
  return sql`
    insert into images (id, project_id, name, os_type, os_bits, status, visibility, is_protected, is_hidden, tags,
      disk_format, container_format, min_disk_gb, min_ram_mib, properties)
    values (${image.id}, ${image.projectId}, ${image.name}, ${image.osType}, ${image.osBits}, ${image.status},
      ${image.visibility}, ${image.isProtected}, ${image.isHidden}, ${image.tags}, ${image.diskFormat},
      ${image.containerFormat}, ${image.minDiskGb}, ${image.minRamMib}, ${JSON.stringify(image.properties)}::jsonb)
    on conflict (id) do nothing returning id`;
}

async function lock(tx: Tx, id: string): Promise<Image | null> {
  await sql`select 1 from images where id = ${id} for update`.execute(tx);
  return findImage(tx, id, null);
}

const columnsOf: Readonly<Record<Exclude<keyof ImageChange, 'properties'>, string>> = {
  projectId: 'project_id',
  name: 'name',
  osType: 'os_type',
  osBits: 'os_bits',
  status: 'status',
  visibility: 'visibility',
  isProtected: 'is_protected',
  isHidden: 'is_hidden',
  tags: 'tags',
  diskFormat: 'disk_format',
  containerFormat: 'container_format',
  minDiskGb: 'min_disk_gb',
  minRamMib: 'min_ram_mib',
};

async function write(tx: Tx, id: string, { properties, ...change }: ImageChange): Promise<void> {
  const sets = Object.entries(change).map(
    ([name, value]) => sql`${sql.raw(columnsOf[name as keyof typeof columnsOf])} = ${value}`,
  );
  if (properties) sets.push(sql`properties = ${JSON.stringify(properties)}::jsonb`);
  await sql`update images set ${sql.join([...sets, sql`updated_at = now()`])} where id = ${id}`.execute(tx);
}
