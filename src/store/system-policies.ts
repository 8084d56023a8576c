/** Keeps the roles and policies of the installation in step with `core/system-policies.ts`, at each start. */
import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { systemPolicies, systemRoles } from '../core/system-policies.ts';
import type { Sql, Tx } from './database.ts';

/** The same in every installation, so that a client's configuration can name it. */
const fixedId = (name: string) => createHash('sha256').update(`policy ${name}`).digest('hex').slice(0, 32);

/** Any number that nobody else locks by. */
const policiesLock = 7_419;

export function keepSystemPolicies(db: Sql): Promise<void> {
  // Two processes that begin at the same time would meet at the fixed ids.
  return db.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(${policiesLock}::bigint)`.execute(tx);
    await write(tx);
  });
}

async function write(db: Tx): Promise<void> {
  const roles = systemRoles.map((role) => ({ ...role, id: fixedId(role.name) }));
  const policies = systemPolicies.map(({ name, description, document }) => ({
    id: fixedId(name),
    name,
    description,
    document: JSON.stringify(document),
  }));
  await sql`
    insert into roles (id, name, display_name, description, catalog, type, policy, is_system)
    select x.id, x.name, x."displayName", x.description, x.catalog, x.type, x.policy, true
    from json_to_recordset(${JSON.stringify(roles)}::json) as x(id text, name text, "displayName" text,
      description text, catalog text, type text, policy json)
    on conflict (name) do update set display_name = excluded.display_name, description = excluded.description,
      catalog = excluded.catalog, type = excluded.type, policy = excluded.policy, is_system = true, updated_at = now()
    where roles.policy::text is distinct from excluded.policy::text or not roles.is_system`.execute(db);
  await sql`
    with given as (
      select * from json_to_recordset(${JSON.stringify(policies)}::json)
        as x(id text, name text, description text, document text)
    ), kept as (
      insert into policies (id, name, description) select id, name, description from given
      on conflict (account_id, name) do update set description = excluded.description returning id, name
    )
    insert into policy_versions (policy_id, version, document)
    select kept.id, 1, given.document from kept join given on given.name = kept.name
    on conflict (policy_id, version) do update set document = excluded.document
    where policy_versions.document <> excluded.document`.execute(db);
}
