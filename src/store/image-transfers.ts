/**
 * Bytes on their way into images. A transfer belongs to the process that holds its lease; every write names the owner,
 * so that a process which was thought dead changes nothing when it comes back.
 */
import { sql } from 'kysely';
import { conflict } from '../core/errors.ts';
import type { ImageStatus } from '../core/image.ts';
import type {
  ClaimedTransfer,
  ImageFiles,
  ImageTransfers,
  Imported,
  ReadyFile,
  Transfer,
  TransferMethod,
} from '../core/image-transfer.ts';
import type { Sql, Tx } from './database.ts';

/** From which statuses a transfer may begin, and which one it brings. */
const statuses: Record<TransferMethod, { from: ImageStatus[]; to: ImageStatus }> = {
  upload: { from: ['queued'], to: 'saving' },
  stage: { from: ['queued'], to: 'uploading' },
  'glance-direct': { from: ['uploading'], to: 'importing' },
  'web-download': { from: ['queued'], to: 'importing' },
};

/** Those that only the request itself can go on with. */
const boundToRequest: TransferMethod[] = ['upload', 'stage'];

const columns = sql`
  t.id, t.image_id as "imageId", t.user_id as "userId", t.request_id as "requestId", t.method, t.uri,
  case when t.hash_value is null then null
    else jsonb_build_object('algorithm', t.hash_algorithm, 'value', t.hash_value) end as expected,
  t.attempt, t.received_bytes as "receivedBytes", t.total_bytes as "totalBytes", t.error, t.succeeded,
  t.created_at as "createdAt", t.ended_at as "endedAt"`;

export function imageTransfers(db: Sql, files: ImageFiles): ImageTransfers {
  return {
    async open(transfer, owner, leaseMs) {
      const { from, to } = statuses[transfer.method];
      await db.transaction().execute(async (tx) => {
        const { rows } = await sql<{ status: ImageStatus }>`
          select status from images where id = ${transfer.imageId} for update`.execute(tx);
        const status = rows[0]?.status;
        const isBusy = status !== undefined && (await hasOpen(tx, transfer.imageId));
        if (status === undefined || !from.includes(status) || isBusy) {
          throw conflict(
            `Image status transition from ${status ?? 'deleted'} to ${to} is not allowed`,
            'image',
            transfer.imageId,
          );
        }
        await sql`update images set status = ${to}, updated_at = now() where id = ${transfer.imageId}`.execute(
          tx,
        );
        const isHeld = boundToRequest.includes(transfer.method);
        await sql`
          insert into image_transfers (id, image_id, user_id, request_id, method, uri, hash_algorithm, hash_value,
            owner, lease_until)
          values (${transfer.id}, ${transfer.imageId}, ${transfer.userId}, ${transfer.requestId}, ${transfer.method},
            ${transfer.uri}, ${transfer.expected?.algorithm ?? null}, ${transfer.expected?.value ?? null},
            ${isHeld ? owner : null}, case when ${isHeld} then ${until(leaseMs)} end)`.execute(tx);
      });
    },

    async claim(owner, leaseMs) {
      const { rows } = await sql<ClaimedTransfer>`
        with due as (
          select id from image_transfers
          where ended_at is null and run_at <= now() and not (method = any(${boundToRequest}))
            and (owner is null or lease_until < now())
          order by run_at limit 1 for update skip locked
        ), claimed as (
          update image_transfers t set owner = ${owner}, lease_until = ${until(leaseMs)}, attempt = attempt + 1,
            received_bytes = 0, total_bytes = null
          from due where t.id = due.id returning t.*
        )
        select ${columns}, i.disk_format as "diskFormat"
        from claimed t join images i on i.id = t.image_id`.execute(db);
      return rows[0] ?? null;
    },

    async report(id, owner, { received, total }, leaseMs) {
      const { rows } = await sql`
        update image_transfers set received_bytes = ${received}, total_bytes = ${total},
          lease_until = ${until(leaseMs)}
        where id = ${id} and owner = ${owner} and ended_at is null returning id`.execute(db);
      return rows.length > 0;
    },

    complete: (id, owner, imported) =>
      db.transaction().execute(async (tx) => {
        const imageId = await end(tx, id, owner, null);
        if (imageId === null) return false;
        await keep(tx, files, imported.disk);
        if (imported.source && imported.source.sha256 !== imported.disk.sha256) {
          await keep(tx, files, imported.source);
        }
        await activate(tx, imageId, imported);
        return true;
      }),

    async completeStage(id, owner) {
      return (await end(db, id, owner, null)) !== null;
    },

    fail: (id, owner, error) =>
      db.transaction().execute(async (tx) => {
        const imageId = await end(tx, id, owner, error);
        if (imageId === null) return;
        await sql`
          update images i set
            status = case when t.method = any(${boundToRequest}) then 'queued' else 'killed' end,
            failure = case when t.method = any(${boundToRequest}) then null else ${error}::text end,
            updated_at = now()
          from image_transfers t where t.id = ${id} and i.id = t.image_id
            and i.status in ('saving', 'uploading', 'importing')`.execute(tx);
      }),

    async postpone(id, owner, error, pauseMs) {
      await sql`
        update image_transfers set owner = null, lease_until = null, error = ${error}, run_at = ${until(pauseMs)}
        where id = ${id} and owner = ${owner} and ended_at is null`.execute(db);
    },

    async release(owner) {
      await sql`
        update image_transfers set owner = null, lease_until = null, attempt = greatest(attempt - 1, 0)
        where owner = ${owner} and ended_at is null`.execute(db);
    },

    async endAbandoned() {
      const { rows } = await sql`
        with gone as (
          update image_transfers set succeeded = false, ended_at = now(), owner = null,
            error = 'The process that took the bytes in is gone.'
          where ended_at is null and method = any(${boundToRequest}) and (owner is null or lease_until < now())
          returning image_id
        )
        update images i set status = 'queued', updated_at = now()
        from gone where i.id = gone.image_id and i.status in ('saving', 'uploading') returning i.id`.execute(
        db,
      );
      return rows.length;
    },

    async listOfImage(imageId) {
      const { rows } = await sql<Transfer>`
        select ${columns} from image_transfers t where t.image_id = ${imageId}
        order by t.created_at desc, t.id desc limit 100`.execute(db);
      return rows;
    },

    async storedBytes() {
      const { rows } = await sql<{ bytes: number | null }>`
        select sum(size_bytes)::bigint as bytes from image_files`.execute(db);
      return rows[0]!.bytes ?? 0;
    },

    async collect(graceMs) {
      return (await collectUnnamed(db, files, graceMs)) + (await collectUnknown(db, files, graceMs));
    },
  };
}

function until(ms: number) {
  return sql`now() + ${ms} * interval '1 millisecond'`;
}

async function hasOpen(tx: Tx, imageId: string): Promise<boolean> {
  const { rows } = await sql`
    select 1 from image_transfers where image_id = ${imageId} and ended_at is null`.execute(tx);
  return rows.length > 0;
}

/** @returns the image; null when the transfer is not the owner's, or has ended */
async function end(db: Sql | Tx, id: string, owner: string, error: string | null): Promise<string | null> {
  const { rows } = await sql<{ imageId: string }>`
    update image_transfers set succeeded = ${error === null}, ended_at = now(), owner = null, lease_until = null,
      error = ${error}
    where id = ${id} and owner = ${owner} and ended_at is null returning image_id as "imageId"`.execute(db);
  return rows[0]?.imageId ?? null;
}

/** The row first: whoever removes this file waits for it, and then finds the file in use. */
async function keep(tx: Tx, files: ImageFiles, file: ReadyFile): Promise<void> {
  await sql`
    insert into image_files (sha256, size_bytes, form, raw_size_bytes)
    values (${file.sha256}, ${file.sizeBytes}, ${file.form}, ${file.rawSizeBytes})
    on conflict (sha256) do update set used_at = now()`.execute(tx);
  await files.keep(file);
}

async function activate(tx: Tx, imageId: string, imported: Imported): Promise<void> {
  await sql`
    update images set status = 'active', failure = null, size_bytes = ${imported.sizeBytes}, md5 = ${imported.md5},
      sha512 = ${imported.sha512}, disk_file = ${imported.disk.sha256}, source_file = ${imported.source?.sha256 ?? null},
      updated_at = now()
    where id = ${imageId}`.execute(tx);
}

/** Files that no image names any more. */
async function collectUnnamed(db: Sql, files: ImageFiles, graceMs: number): Promise<number> {
  const unnamed = sql`not exists (select 1 from images i where i.disk_file = f.sha256 or i.source_file = f.sha256)
    and f.used_at < now() - ${graceMs} * interval '1 millisecond'`;
  const { rows } = await sql<{ sha256: string }>`select sha256 from image_files f where ${unnamed}`.execute(
    db,
  );
  let removed = 0;
  for (const { sha256 } of rows) {
    // The row is held until the file is gone, so that nobody takes it up again in between.
    removed += await db.transaction().execute(async (tx) => {
      const gone = await sql`
        delete from image_files f where sha256 = ${sha256} and ${unnamed} returning sha256`.execute(tx);
      if (gone.rows.length > 0) await files.remove(sha256);
      return gone.rows.length;
    });
  }
  return removed;
}

/** Files without a row: a crash between the name and the commit left them. */
async function collectUnknown(db: Sql, files: ImageFiles, graceMs: number): Promise<number> {
  const names = await files.listOlderThan(graceMs);
  if (names.length === 0) return 0;
  const { rows } = await sql<{ name: string }>`
    select name from unnest(${names}::text[]) as name
    where not exists (select 1 from image_files f where f.sha256 = name)`.execute(db);
  for (const { name } of rows) await files.remove(name);
  return rows.length;
}
