import { sql, type RawBuilder } from 'kysely';
import type { Audit, AuditEntry, AuditFilter, AuditRow } from '../core/audit.ts';
import { invalid } from '../core/errors.ts';
import { gather } from '../core/gather.ts';
import type { Sql } from './database.ts';
import { isReadable, type Keyset, readPage } from './pages.ts';

const mostTogether = 200;
const mostPurged = 5_000;

const columns = sql`
  id, at, case when account_id is null then null
    else jsonb_build_object('id', account_id, 'name', account_name) end as account,
  project_id as "projectId", jsonb_build_object('id', user_id, 'name', user_name, 'accountId', user_account_id,
    'accountName', user_account_name) as "user",
  access_key as "accessKey", source_ip as "sourceIp", request_id as "requestId", service, route, method, name,
  action, resource_type as "resourceType", resource_ids as "resourceIds", resource_name as "resourceName",
  job_id as "jobId", status_code as "statusCode", error_code as "errorCode"`;

export function audit(db: Sql): Audit {
  const record = gather(mostTogether, async (entries: AuditEntry[]): Promise<undefined[]> => {
    await insert(db, entries);
    return entries.map(() => undefined);
  });
  return {
    record,
    async list(filter, page) {
      const keyset: Keyset = {
        from: sql`audit a`,
        take: sql`a.*`,
        id: 'a.id',
        ranges: rangesOf(filter),
        where: where(filter),
        order: [
          [timeOf(filter), filter.accountId === undefined ? 'timestamptz' : 'timestamp', 'desc'],
          ['a.number', 'bigint', 'desc'],
        ],
        unknown: (marker) => invalid(`marker [${marker}] not found`, 'marker'),
      };
      return readPage<AuditRow>(db, keyset, page, { alias: 'a', columns });
    },
    async purge(days) {
      const { rows } = await sql`
        delete from audit where number in (
          select number from audit where at < now() - ${days} * interval '1 day' order by at limit ${mostPurged})
        returning 1`.execute(db);
      return rows.length;
    },
  };
}

/**
 * What strangers write into a path or a body may hold characters that PostgreSQL does not store (NUL, half a pair). One
 * such row would keep out all that are written with it, and with them the answers of other callers.
 */
function toStorable(entries: AuditEntry[]): string {
  return JSON.stringify(entries, (_, value: unknown) =>
    typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '\ufffd') : value,
  );
}

/** What is not known of an account is looked up by what was claimed; the servers, by the job that was begun. */
async function insert(db: Sql, entries: AuditEntry[]): Promise<void> {
  await sql`
    insert into audit (id, account_id, account_name, project_id, user_id, user_name, user_account_id,
      user_account_name, access_key, source_ip, request_id, service, route, method, name, action, resource_type,
      resource_ids, resource_name, job_id, status_code, error_code)
    select r.id,
      coalesce(r.account->>'id', (select account_id from users where id = r."user"->>'id'),
        (select id from accounts where id = r."user"->>'accountId' or name = r."user"->>'accountName' limit 1)),
      r.account->>'name', r."projectId", r."user"->>'id', r."user"->>'name', r."user"->>'accountId',
      r."user"->>'accountName', r."accessKey", r."sourceIp", r."requestId", r.service, r.route, r.method, r.name,
      r.action, r."resourceType",
      case when r."jobId" is null or cardinality(r."resourceIds") > 0 then r."resourceIds" else coalesce((
        select array_agg(s.server_id::text order by s.position) from sub_jobs s
        where s.job_id = r."jobId" and s.server_id is not null), '{}') end,
      r."resourceName", r."jobId", r."statusCode", r."errorCode"
    from jsonb_to_recordset(${toStorable(entries)}::jsonb) as r(id uuid, account jsonb, "projectId" text,
      "user" jsonb, "accessKey" text, "sourceIp" text, "requestId" text, service text, route text, method text,
      name text, action text, "resourceType" text, "resourceIds" text[], "resourceName" text, "jobId" uuid,
      "statusCode" integer, "errorCode" text)`.execute(db);
}

/** As the indexes of accounts have it; the one of all has the plain column. */
function timeOf({ accountId }: AuditFilter): string {
  return accountId === undefined ? 'a.at' : `(a.at at time zone 'utc')`;
}

/** Of a project: its own affairs, and those of its account that are no project's. */
function rangesOf({ accountId, projectId }: AuditFilter): RawBuilder<unknown>[] {
  const isOfAccount = accountId === undefined ? sql`true` : sql`a.account_id = ${accountId}`;
  if (projectId === undefined) return [isOfAccount];
  return [
    sql`(${isOfAccount} and a.project_id = ${projectId})`,
    sql`(${isOfAccount} and a.project_id is null)`,
  ];
}

function where(filter: AuditFilter): RawBuilder<unknown> {
  if (filter.id !== undefined && !isReadable.uuid(filter.id)) return sql`false`;
  const parts: RawBuilder<unknown>[] = [];
  if (filter.id !== undefined) parts.push(sql`a.id = ${filter.id}::uuid`);
  if (filter.userId !== undefined) parts.push(sql`a.user_id = ${filter.userId}`);
  if (filter.userName !== undefined) parts.push(sql`a.user_name = ${filter.userName}`);
  if (filter.accessKey !== undefined) parts.push(sql`a.access_key = ${filter.accessKey}`);
  if (filter.services) parts.push(sql`a.service = any(${filter.services})`);
  if (filter.name !== undefined) parts.push(sql`a.name = ${filter.name}`);
  if (filter.resourceId !== undefined) parts.push(sql`a.resource_ids @> array[${filter.resourceId}]::text[]`);
  if (filter.resourceName !== undefined) parts.push(sql`a.resource_name = ${filter.resourceName}`);
  if (filter.resourceType !== undefined) parts.push(sql`a.resource_type = ${filter.resourceType}`);
  if (filter.requestId !== undefined) parts.push(sql`a.request_id = ${filter.requestId}`);
  if (filter.rating === 'normal') parts.push(sql`a.status_code < 400`);
  if (filter.rating === 'warning') parts.push(sql`a.status_code between 400 and 499`);
  if (filter.rating === 'incident') parts.push(sql`a.status_code >= 500`);
  const time = sql.raw(timeOf(filter));
  const moment = (at: Date) =>
    filter.accountId === undefined ? sql`${at}::timestamptz` : sql`(${at}::timestamptz at time zone 'utc')`;
  if (filter.from) parts.push(sql`${time} >= ${moment(filter.from)}`);
  if (filter.to) parts.push(sql`${time} <= ${moment(filter.to)}`);
  return parts.length === 0 ? sql`true` : sql.join(parts, sql` and `);
}
