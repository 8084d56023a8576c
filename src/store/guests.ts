import { sql } from 'kysely';
import type { GuestToken, Guests } from '../core/guest.ts';
import type { Tenancy } from '../core/tenancy.ts';
import type { Sql, Tx } from './database.ts';

export function guests(db: Sql, tenancy: Pick<Tenancy, 'findStanding'>): Guests {
  return {
    async admit(token) {
      await db.transaction().execute((tx) => settle(tx, token));
      const at = { projectId: token.project?.id ?? null, accountId: token.account?.id ?? null };
      return tenancy.findStanding(token.user.id, at);
    },
  };
}

async function settle(tx: Tx, { user, project, account, roles }: GuestToken): Promise<void> {
  const accounts = new Map(
    [user.account, project?.account, account].filter((it) => it != null).map((it) => [it.id, it.name]),
  );
  // In one order, so that guests who come together do not wait for each other in a circle.
  for (const [id, name] of [...accounts].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    await sql`
      insert into accounts (id, name) select ${id}, ${freeName(sql`accounts`, id, name, sql`true`)}
      on conflict do nothing`.execute(tx);
  }
  if (project) {
    const taken = freeName(sql`projects`, project.id, project.name, sql`account_id = ${project.account.id}`);
    await sql`
      insert into projects (id, account_id, name) select ${project.id}, ${project.account.id}, ${taken}
      on conflict do nothing`.execute(tx);
  }
  const taken = freeName(sql`users`, user.id, user.name, sql`account_id = ${user.account.id}`);
  await sql`
    insert into users (id, account_id, name) select ${user.id}, ${user.account.id}, ${taken}
    on conflict do nothing`.execute(tx);
  const place = project
    ? { project: project.id, account: null }
    : { project: null, account: account?.id ?? null };
  if (place.project !== null || place.account !== null) await giveRoles(tx, user.id, place, roles);
}

/** Names are unique here, and one of ours may have it already ("Default"): the id then stands beside it. */
function freeName(table: ReturnType<typeof sql>, id: string, name: string, among: ReturnType<typeof sql>) {
  return sql`case when exists (select 1 from ${table} where name = ${name} and id <> ${id} and ${among})
    then ${`${name} (${id})`} else ${name} end`;
}

async function giveRoles(
  tx: Tx,
  userId: string,
  { project, account }: { project: string | null; account: string | null },
  names: string[],
): Promise<void> {
  await sql`
    insert into roles (id, name)
    select replace(gen_random_uuid()::text, '-', ''), name from unnest(${names}::text[]) as name
    where not exists (select 1 from roles r where r.name = name.name)`.execute(tx);
  const here = sql`user_id = ${userId} and project_id is not distinct from ${project}
    and account_id is not distinct from ${account}`;
  await sql`
    delete from role_assignments where ${here}
      and role_id not in (select id from roles where name = any(${names}::text[]))`.execute(tx);
  await sql`
    insert into role_assignments (user_id, role_id, project_id, account_id)
    select ${userId}, id, ${project}, ${account} from roles where name = any(${names}::text[])
    on conflict do nothing`.execute(tx);
}
