import { sql } from 'kysely';
import { conflict } from '../core/errors.ts';
import type {
  AttachedTo,
  Attachment,
  IdentityPolicies,
  IdentityPolicy,
  PolicyVersionRecord,
} from '../core/identity-policies.ts';
import type { Sql } from './database.ts';

const uniqueViolation = '23505';
const foreignKeyViolation = '23503';
const codeOf = (error: unknown) => (error as { code?: string }).code;

const columns = sql`
  y.id, y.account_id as "accountId", y.name, y.path, y.description, y.default_version as "defaultVersion",
  y.created_at as "createdAt", y.updated_at as "updatedAt",
  (select count(*)::int from policy_attachments t where t.policy_id = y.id) as attachments`;
const versionColumns = sql`
  v.version, v.document, v.created_at as "createdAt", v.version = y.default_version as "isDefault"`;

const toColumns = (to: AttachedTo) => ({
  userId: 'userId' in to ? to.userId : null,
  groupId: 'groupId' in to ? to.groupId : null,
});

/** @param tellChange makes void what is remembered about callers */
export function identityPolicies(db: Sql, tellChange: () => Promise<void>): IdentityPolicies {
  async function find(id: string): Promise<IdentityPolicy | null> {
    const { rows } = await sql<IdentityPolicy>`select ${columns} from policies y where y.id = ${id}`.execute(
      db,
    );
    return rows[0] ?? null;
  }

  return {
    find,
    async list(accountId) {
      const { rows } = await sql<IdentityPolicy>`
        select ${columns} from policies y where y.account_id = ${accountId} or y.account_id is null
        order by y.id`.execute(db);
      return rows;
    },
    async create({ id, accountId, name, path, description }, document) {
      try {
        await sql`
          with made as (
            insert into policies (id, account_id, name, path, description)
            values (${id}, ${accountId}, ${name}, ${path}, ${description}) returning id
          )
          insert into policy_versions (policy_id, version, document) select id, 1, ${document} from made`.execute(
          db,
        );
      } catch (error) {
        if (codeOf(error) !== uniqueViolation) throw error;
        throw conflict(`A policy named ${name} exists already.`, 'policy', name);
      }
      return (await find(id))!;
    },
    async remove(id) {
      try {
        const { rows } = await sql`delete from policies where id = ${id} returning 1`.execute(db);
        return rows.length > 0;
      } catch (error) {
        if (codeOf(error) === foreignKeyViolation) return false;
        throw error;
      }
    },
    async listVersions(id) {
      const { rows } = await sql<PolicyVersionRecord>`
        select ${versionColumns} from policy_versions v join policies y on y.id = v.policy_id
        where y.id = ${id} order by v.version desc`.execute(db);
      return rows;
    },
    async addVersion(id, document, isDefault, most) {
      const { rows } = await sql<{ version: number }>`
        with next as (
          update policies set latest_version = latest_version + 1, updated_at = now(),
            default_version = case when ${isDefault} then latest_version + 1 else default_version end
          where id = ${id} and (select count(*) from policy_versions where policy_id = ${id}) < ${most}
          returning id, latest_version
        )
        insert into policy_versions (policy_id, version, document)
        select id, latest_version, ${document} from next returning version`.execute(db);
      if (!rows[0]) return null;
      if (isDefault) await tellChange();
      const versions = await this.listVersions(id);
      return versions.find(({ version }) => version === rows[0]!.version)!;
    },
    async setDefault(id, version) {
      const { rows } = await sql`
        update policies set default_version = ${version}, updated_at = now()
        where id = ${id} and exists (select 1 from policy_versions where policy_id = ${id} and version = ${version})
        returning 1`.execute(db);
      await tellChange();
      return rows.length > 0;
    },
    async removeVersion(id, version) {
      const { rows } = await sql`
        delete from policy_versions v using policies y
        where y.id = v.policy_id and y.id = ${id} and v.version = ${version} and y.default_version <> ${version}
        returning 1`.execute(db);
      return rows.length > 0;
    },
    async attach(id, to) {
      const { userId, groupId } = toColumns(to);
      await sql`
        insert into policy_attachments (policy_id, user_id, group_id) values (${id}, ${userId}, ${groupId})
        on conflict do nothing`.execute(db);
      await tellChange();
    },
    async detach(id, from) {
      const { userId, groupId } = toColumns(from);
      const { rows } = await sql`
        delete from policy_attachments where policy_id = ${id}
          and user_id is not distinct from ${userId} and group_id is not distinct from ${groupId}
        returning 1`.execute(db);
      await tellChange();
      return rows.length > 0;
    },
    async listAttachments(of) {
      const match =
        'policyId' in of
          ? sql`a.policy_id = ${of.policyId}`
          : 'userId' in of
            ? sql`a.user_id = ${of.userId}`
            : sql`a.group_id = ${of.groupId}`;
      const { rows } = await sql<
        IdentityPolicy & { userId: string | null; groupId: string | null; attachedAt: Date }
      >`
        select ${columns}, a.user_id as "userId", a.group_id as "groupId", a.created_at as "attachedAt"
        from policy_attachments a join policies y on y.id = a.policy_id where ${match}
        order by a.created_at, y.id`.execute(db);
      return rows.map(({ userId, groupId, attachedAt, ...policy }): Attachment => ({
        policy,
        userId,
        groupId,
        attachedAt,
      }));
    },
  };
}
