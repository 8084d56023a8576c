import { sql } from 'kysely';
import { conflict } from '../core/errors.ts';
import type {
  RuleField,
  SecurityGroup,
  SecurityGroupField,
  SecurityGroupRule,
  SecurityGroups,
} from '../core/security-group.ts';
import type { Sql, Tx } from './database.ts';
import { type Column, isReadable, type Keyset, matching, ofEach, readPage } from './pages.ts';

const ruleColumns = sql`
  r.id, r.group_id as "groupId", r.direction, r.ether_type as "etherType", r.protocol, r.port_min as "portMin",
  r.port_max as "portMax", r.remote_cidr::text as "remoteCidr", r.remote_group_id as "remoteGroupId", r.description,
  r.created_at as "createdAt"`;

/** As inside a group, where a time would be a text. */
const ruleJson = sql`
  jsonb_build_object('id', r.id, 'groupId', r.group_id, 'direction', r.direction, 'etherType', r.ether_type,
    'protocol', r.protocol, 'portMin', r.port_min, 'portMax', r.port_max, 'remoteCidr', r.remote_cidr::text,
    'remoteGroupId', r.remote_group_id, 'description', r.description, 'createdAt', r.created_at)`;

const groupColumns = sql`
  g.id, g.project_id as "projectId", g.name, g.description, g.is_default as "isDefault", g.created_at as "createdAt",
  g.updated_at as "updatedAt",
  coalesce((select jsonb_agg(${ruleJson} order by r.direction, r.ether_type, r.created_at, r.id)
    from security_group_rules r where r.group_id = g.id), '[]') as rules`;

const groupFields: Record<SecurityGroupField, Column> = {
  id: ['g.id', 'uuid'],
  name: ['g.name', 'text'],
  description: ['g.description', 'text'],
};
const groupOrder: Column[] = [['(not g.is_default)', 'boolean'], groupFields.name, groupFields.id];

const ruleFields: Record<RuleField, Column> = {
  id: ['r.id', 'uuid'],
  groupId: ['g.id', 'uuid'],
  direction: ['r.direction', 'text'],
  etherType: ['r.ether_type', 'text'],
  protocol: ['r.protocol', 'text'],
  portMin: ['r.port_min', 'integer'],
  portMax: ['r.port_max', 'integer'],
  remoteCidr: ['r.remote_cidr::text', 'text'],
  remoteGroupId: ['r.remote_group_id', 'uuid'],
  description: ['r.description', 'text'],
};

export function securityGroups(db: Sql): SecurityGroups {
  return {
    list: (projectId, filter) => list(db, projectId, filter),

    async listPage(projectId, filter, page) {
      const keyset: Keyset = {
        from: sql`security_groups g`,
        take: sql`g.*`,
        id: 'g.id',
        ranges: [sql`g.project_id = ${projectId}`],
        where: matching(groupFields, filter),
        order: groupOrder,
      };
      const rows = await readPage<SecurityGroup>(db, keyset, page, { alias: 'g', columns: groupColumns });
      return rows.map(withDates);
    },

    async listRules(projectId, filter, page) {
      const keyset: Keyset = {
        from: sql`security_groups g ${ofEach(['security_group_rules', 'r'], sql`r.group_id = g.id`, filter)}`,
        take: sql`r.*`,
        id: 'r.id',
        ranges: [sql`g.project_id = ${projectId}`],
        where: matching(ruleFields, filter),
        order: [
          groupFields.name,
          groupFields.id,
          ruleFields.direction,
          ruleFields.etherType,
          ['r.created_at', 'timestamptz'],
          ruleFields.id,
        ],
        leading: 2,
      };
      return readPage<SecurityGroupRule>(db, keyset, page, { alias: 'r', columns: ruleColumns });
    },

    async create(projectId, { name, description }) {
      const id = await db.transaction().execute(async (tx) => {
        const { rows } = await sql<{ id: string }>`
          insert into security_groups (project_id, name, description) values (${projectId}, ${name}, ${description})
          returning id`.execute(tx);
        // As Neutron: a new group lets everything out.
        await sql`
          insert into security_group_rules (group_id, direction, ether_type)
          values (${rows[0]!.id}, 'egress', 'IPv4'), (${rows[0]!.id}, 'egress', 'IPv6')`.execute(tx);
        return rows[0]!.id;
      });
      return (await list(db, projectId, { ids: [id] }))[0]!;
    },

    async change(id, projectId, { name, description }) {
      await sql`
        update security_groups set name = coalesce(${name ?? null}, name),
          description = coalesce(${description ?? null}, description), updated_at = now()
        where id = ${id} and project_id = ${projectId}`.execute(db);
      return (await list(db, projectId, { ids: [id] }))[0] ?? null;
    },

    remove: (id, projectId) =>
      db.transaction().execute(async (tx) => {
        const { rows } = await sql<{ isDefault: boolean }>`
          select is_default as "isDefault" from security_groups
          where id = ${id} and project_id = ${projectId} for update`.execute(tx);
        if (!rows[0]) return false;
        if (rows[0].isDefault) {
          throw conflict('Insufficient rights for removing default security group.', 'security group', id);
        }
        const used = await sql`
          select 1 from server_security_groups s join servers v on v.id = s.server_id
          where s.group_id = ${id} and v.state <> 'Deleted' limit 1`.execute(tx);
        if (used.rows.length > 0) throw conflict(`Security Group ${id} in use.`, 'security group', id);
        await sql`delete from security_groups where id = ${id}`.execute(tx);
        return true;
      }),

    async addRule(rule) {
      const { rows } = await sql<SecurityGroupRule>`
        insert into security_group_rules as r (group_id, direction, ether_type, protocol, port_min, port_max, remote_cidr,
          remote_group_id, description)
        values (${rule.groupId}, ${rule.direction}, ${rule.etherType}, ${rule.protocol}, ${rule.portMin},
          ${rule.portMax}, network(${rule.remoteCidr}::inet), ${rule.remoteGroupId}, ${rule.description})
        on conflict do nothing returning ${ruleColumns}`.execute(db);
      if (!rows[0]) throw conflict('Security group rule already exists.', 'security group rule');
      return rows[0];
    },

    async removeRule(id, projectId) {
      const { rows } = await sql`
        delete from security_group_rules r using security_groups g
        where r.id = ${id} and g.id = r.group_id and g.project_id = ${projectId} returning r.id`.execute(db);
      return rows.length > 0;
    },

    async join(serverId, groupId) {
      await sql`
        insert into server_security_groups (server_id, group_id) values (${serverId}, ${groupId})
        on conflict do nothing`.execute(db);
    },

    async leave(serverId, groupId) {
      const { rows } = await sql`
        delete from server_security_groups where server_id = ${serverId} and group_id = ${groupId}
        returning group_id`.execute(db);
      return rows.length > 0;
    },
  };
}

async function list(
  db: Sql | Tx,
  projectId: string,
  { ids, serverId }: { ids?: string[]; serverId?: string } = {},
): Promise<SecurityGroup[]> {
  const { rows } = await sql<SecurityGroup>`
    select ${groupColumns} from security_groups g
    where g.project_id = ${projectId}
      and ${ids ? sql`g.id = any(${ids.filter(isReadable.uuid)}::uuid[])` : sql`true`}
      and ${serverId === undefined ? sql`true` : sql`g.id in (select s.group_id from server_security_groups s where s.server_id = ${serverId})`}
    order by g.is_default desc, g.name, g.id`.execute(db);
  return rows.map(withDates);
}

function withDates(group: SecurityGroup): SecurityGroup {
  return {
    ...group,
    rules: group.rules.map((rule) => ({ ...rule, createdAt: new Date(rule.createdAt) })),
  };
}
