/** Which images a list holds: one statement, with a keyset for the page. */
import { sql, type RawBuilder } from 'kysely';
import { invalid } from '../core/errors.ts';
import type { Image, ImageFilter, ImagePage, ImageSortKey, TimeRange } from '../core/image.ts';
import type { Sql } from './database.ts';
import { fromImages, imageColumns } from './image-rows.ts';

const sortColumns: Record<ImageSortKey, [column: string, type: string]> = {
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

export async function listImages(db: Sql, filter: ImageFilter, page: ImagePage): Promise<Image[]> {
  const sort = page.sort.some(({ key }) => key === 'id')
    ? page.sort
    : [...page.sort, { key: 'id' as const, descending: page.sort[0]?.descending ?? false }];
  const parts = [...where(filter), await after(db, sort, page.marker)];
  const order = sort.map(({ key, descending }) =>
    sql.raw(`${sortColumns[key][0]} ${descending ? 'desc' : 'asc'}`),
  );
  const { rows } = await sql<Image>`
    select ${imageColumns} from ${fromImages} where ${sql.join(parts, sql` and `)}
    order by ${sql.join(order)} limit ${page.limit}`.execute(db);
  return rows;
}

function where(filter: ImageFilter): RawBuilder<unknown>[] {
  const parts = [isListedFor(filter)];
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
  among('i.id::text', filter.ids);
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

/** A list shows less than a look by id: what was shared only if it was accepted, of community images one's own. */
function isListedFor({ projectId, visibility, memberStatus = 'accepted' }: ImageFilter): RawBuilder<unknown> {
  if (projectId === null) return sql`true`;
  const member =
    memberStatus === 'all'
      ? sql`exists (select 1 from image_members m where m.image_id = i.id and m.project_id = ${projectId})`
      : sql`exists (select 1 from image_members m where m.image_id = i.id and m.project_id = ${projectId}
          and m.status = ${memberStatus})`;
  const open =
    visibility === 'community' ? sql`i.visibility in ('public', 'community')` : sql`i.visibility = 'public'`;
  return sql`(${open} or i.project_id = ${projectId} or (i.visibility = 'shared' and ${member}))`;
}

/** The rows that stand behind the marker in the order asked for. */
async function after(
  db: Sql,
  sort: ImagePage['sort'],
  marker: string | undefined,
): Promise<RawBuilder<unknown>> {
  if (marker === undefined) return sql`true`;
  const keys = sort.map(({ key }, at) => sql.raw(`${sortColumns[key][0]}::text as k${at}`));
  const { rows } = await sql<Record<string, string>>`
    select ${sql.join(keys)} from images i where i.id::text = ${marker}`.execute(db);
  const found = rows[0];
  if (!found) throw invalid(`Image ${marker} could not be found.`, 'marker');
  const value = (at: number) => sql`${found[`k${at}`]}::${sql.raw(sortColumns[sort[at]!.key][1])}`;
  const column = (at: number) => sql.raw(sortColumns[sort[at]!.key][0]);
  const branches = sort.map(({ descending }, at) => {
    const equal = sort.slice(0, at).map((_, before) => sql`${column(before)} = ${value(before)}`);
    return sql`(${sql.join([...equal, sql`${column(at)} ${sql.raw(descending ? '<' : '>')} ${value(at)}`], sql` and `)})`;
  });
  return sql`(${sql.join(branches, sql` or `)})`;
}
