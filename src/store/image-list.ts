/** Which images a list holds: one statement, with a keyset for the page. */
import { sql, type RawBuilder } from 'kysely';
import { invalid } from '../core/errors.ts';
import type { Image, ImageFilter, ImagePage, ImageSortKey, TimeRange } from '../core/image.ts';
import type { Sql } from './database.ts';
import { imageColumns } from './image-rows.ts';
import { type Column, isReadable, type Keyset, readPage } from './pages.ts';

const sortColumns: Record<ImageSortKey, Column> = {
  name: ['i.name', 'text'],
  status: ['i.status', 'text'],
  container_format: [`coalesce(i.container_format, '')`, 'text'],
  disk_format: [`coalesce(i.disk_format, '')`, 'text'],
  size: ['i.size_bytes', 'bigint'],
  id: ['i.id', 'uuid'],
  created_at: ['i.created_at', 'timestamptz'],
  updated_at: ['i.updated_at', 'timestamptz'],
};

const comparisons = { gt: '>', gte: '>=', lt: '<', lte: '<=', eq: '=', neq: '<>' };

/** By age and by name it is cut from indexes; in another order, from all that the project sees. */
export async function listImages(db: Sql, filter: ImageFilter, page: ImagePage): Promise<Image[]> {
  const sort = page.sort.some(({ key }) => key === 'id')
    ? page.sort
    : [...page.sort, { key: 'id' as const, descending: page.sort[0]?.descending ?? false }];
  const keyset: Keyset = {
    from: sql`images i`,
    take: sql`i.*`,
    id: 'i.id',
    ranges: listedFor(filter),
    where: sql.join(where(filter), sql` and `),
    order: sort.map(({ key, descending }) => [...sortColumns[key], descending ? 'desc' : 'asc']),
    unknown: (marker) => invalid(`Image ${marker} could not be found.`, 'marker'),
  };
  const joined = sql`left join image_files d on d.sha256 = i.disk_file`;
  return readPage<Image>(db, keyset, page, { alias: 'i', columns: imageColumns, joined });
}

function where(filter: ImageFilter): RawBuilder<unknown>[] {
  const parts = [sql`true`];
  const equals = (column: string, value: unknown) => {
    if (value !== undefined) parts.push(sql`${sql.raw(column)} = ${value}`);
  };
  const among = (column: string, values: string[] | undefined) => {
    if (values) parts.push(sql`${sql.raw(column)} = any(${values}::text[])`);
  };
  equals('i.is_hidden', filter.isHidden);
  equals('i.is_protected', filter.isProtected);
  equals('i.project_id', filter.owner);
  equals('i.visibility', filter.visibility);
  equals('i.min_disk_gb', filter.minDiskGb);
  equals('i.min_ram_mib', filter.minRamMib);
  equals('i.md5', filter.md5);
  equals('i.sha512', filter.sha512);
  if (filter.ids) parts.push(sql`i.id = any(${filter.ids.filter(isReadable.uuid)}::uuid[])`);
  among('i.name', filter.names);
  among('i.status', filter.statuses);
  among('i.disk_format', filter.diskFormats);
  among('i.container_format', filter.containerFormats);
  if (filter.tags) parts.push(sql`i.tags @> ${filter.tags}::text[]`);
  if (filter.sizeMin !== undefined) parts.push(sql`i.size_bytes >= ${filter.sizeMin}`);
  if (filter.sizeMax !== undefined) parts.push(sql`i.size_bytes <= ${filter.sizeMax}`);
  if (filter.osType !== undefined) parts.push(sql`lower(i.os_type) = lower(${filter.osType})`);
  if (filter.properties) parts.push(sql`i.properties @> ${JSON.stringify(filter.properties)}::jsonb`);
  for (const range of filter.created ?? []) parts.push(within('i.created_at', range));
  for (const range of filter.updated ?? []) parts.push(within('i.updated_at', range));
  return parts;
}

/** Times are told in whole seconds, so they are compared in whole seconds. */
function within(column: string, { comparison, at }: TimeRange): RawBuilder<unknown> {
  return sql`date_trunc('second', ${sql.raw(column)}) ${sql.raw(comparisons[comparison])} ${at}::timestamptz`;
}

/**
 * A list shows less than a look by id: what was shared only if it was accepted, of community images one's own unless they
 * are asked for. These ranges do not overlap.
 */
function listedFor({ projectId, visibility, memberStatus = 'accepted' }: ImageFilter): RawBuilder<unknown>[] {
  if (projectId === null) return [sql`true`];
  const open = visibility === 'community' ? ['public', 'community'] : ['public'];
  const mayBe = (word: string) => visibility === undefined || visibility === word;
  const ranges = open.filter(mayBe).map((word) => sql`i.visibility = ${sql.lit(word)}`);
  if (visibility === undefined || !open.includes(visibility)) {
    ranges.push(sql`(i.project_id = ${projectId} and i.visibility not in (${sql.join(open)}))`);
  }
  if (mayBe('shared')) {
    // As an array, so that they are found by their ids.
    const shared = sql`array(select m.image_id from image_members m where m.project_id = ${projectId}
      and (${memberStatus} = 'all' or m.status = ${memberStatus}))`;
    ranges.push(sql`(i.visibility = 'shared' and i.project_id <> ${projectId} and i.id = any(${shared}))`);
  }
  return ranges;
}
