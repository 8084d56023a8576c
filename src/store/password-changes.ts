import { sql } from 'kysely';
import type { PasswordChanges, PasswordChangeState } from '../core/password-changes.ts';
import type { Sql } from './database.ts';
import { nodeColumns, toNode, type NodeRow } from './rows.ts';
import type { Vault } from './vault.ts';

export function passwordChanges(db: Sql, vault: Vault): PasswordChanges {
  return {
    async begin(nodeId, password) {
      const { rows } = await sql`
        update nodes set bmc_secret_next = ${vault.seal(password)}, password_due_at = now(), password_note = '',
          password_failures = 0
        where id = ${nodeId} and (bmc_secret_next is null or password_due_at is null) returning id`.execute(
        db,
      );
      return rows.length > 0;
    },
    async find(nodeId) {
      const { rows } = await sql<PasswordChangeState>`
        select password_due_at as "dueAt", password_note as note from nodes
        where id = ${nodeId} and bmc_secret_next is not null`.execute(db);
      return rows[0] ?? null;
    },
    async claim(most, leaseMs) {
      if (!vault.isOurs) return [];
      const { rows } = await sql<NodeRow & { next: Buffer; failures: number }>`
        with due as (
          select id from nodes n
          where bmc_secret_next is not null and password_due_at <= now()
            and not exists (select 1 from sub_jobs j where j.node_id = n.id and j.owner is not null)
          order by password_due_at limit ${most} for update skip locked
        ), taken as (
          update nodes n set password_due_at = now() + ${leaseMs} * interval '1 millisecond'
          from due where n.id = due.id returning n.*
        )
        select ${sql.raw(nodeColumns)}, bmc_secret_next as next, password_failures as failures from taken`.execute(
        db,
      );
      return rows.map((row) => ({
        node: toNode(row, vault),
        next: vault.open(row.next),
        failures: row.failures,
      }));
    },
    async complete(nodeId, password) {
      await db.transaction().execute(async (tx) => {
        const { rows } = await sql<{ next: Buffer | null }>`
          select bmc_secret_next as next from nodes where id = ${nodeId} for update`.execute(tx);
        const next = rows[0]?.next;
        if (!next || vault.open(next) !== password) return;
        await sql`
          update nodes set bmc_secret = bmc_secret_next, bmc_secret_next = null, password_due_at = null,
            password_note = '', updated_at = now()
          where id = ${nodeId}`.execute(tx);
      });
    },
    async postpone(nodeId, note, pauseMs) {
      await sql`
        update nodes set password_note = ${note}, password_failures = password_failures + 1,
          password_due_at = now() + ${pauseMs}::bigint * interval '1 millisecond'
        where id = ${nodeId} and bmc_secret_next is not null`.execute(db);
    },
    async abandon(nodeId) {
      const { rows } = await sql`
        update nodes set bmc_secret_next = null, password_due_at = null, password_note = ''
        where id = ${nodeId} and bmc_secret_next is not null returning id`.execute(db);
      return rows.length > 0;
    },
  };
}
