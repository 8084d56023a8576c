/** Tables so full that the planner has something to choose: every tenth row is of the project `mine`. */
import type { Store } from '../support/store.ts';

export const fleet = 6_000;

export function idOf(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

/** Without looking whether what rows refer to is there. */
export async function fill({ database: { pool } }: Store): Promise<void> {
  const client = await pool.connect();
  await client.query('set session_replication_role = replica');
  const numbered = (n: string) => `('00000000-0000-4000-8000-' || lpad((${n})::text, 12, '0'))::uuid`;
  const mineOr = (other: string) => `case when n % 10 = 0 then 'mine' else '${other}' end`;
  const rows = (statement: string, order = 'n') =>
    client.query(`${statement} from generate_series(1, ${fleet}) as n order by ${order}`);
  await rows(`
    insert into servers (id, project_id, user_id, door, name, description, state, flavor_id, image_id, zone,
      reservation_id, created_at, updated_at)
    select ${numbered('n')}, case when n % 1000 = 7 then 'small' else ${mineOr('other')} end, 'me', 'bms', 'server-' || n,
      '', 'Running', 'physical.m2.large', gen_random_uuid(), 'eu-de-01', 'r-' || n, now() - n * interval '1 second',
      now() - n * interval '1 second'`);
  await rows(`
    insert into networks (id, project_id, vpc_id, name)
    select ${numbered('n')}, case when n % 300 = 7 then null else ${mineOr('other')} end, ${numbered('n')}, 'network-' || n`);
  for (const net of [10, 11]) {
    await rows(`
      insert into subnets (id, network_id, name, cidr, gateway_ip)
      select ${numbered(`n + ${net === 10 ? 0 : 10 * fleet}`)}, ${numbered('n')}, 'subnet', ('${net}.0.0.0'::inet + n)::cidr,
        '${net}.0.0.0'::inet + n`);
  }
  await rows(
    `
    insert into ports (id, network_id, subnet_id, project_id, server_id, mac, ip, name)
    select ${numbered('n')}, ${numbered('n')}, ${numbered('n')}, ${mineOr('other')}, ${numbered('n')},
      ('02:00:00:00:' || regexp_replace(lpad(to_hex(n), 4, '0'), '(..)(..)', '\\1:\\2'))::macaddr,
      '10.0.0.0'::inet + n, case when n % 100 = 0 then 'port-' || n else '' end`,
    'md5(n::text)', // their ids come at random
  );
  await rows(`
    insert into security_groups (id, project_id, name) select ${numbered('n')}, ${mineOr('other')}, 'group-' || n`);
  for (const direction of ['ingress', 'egress']) {
    await rows(`
      insert into security_group_rules (id, group_id, direction, ether_type)
      select ${direction === 'ingress' ? numbered('n') : 'gen_random_uuid()'}, ${numbered('n')}, '${direction}', 'IPv4'`);
  }
  await rows(`
    insert into volumes (id, project_id, user_id, name, size_gb, type, zone, created_at)
    select ${numbered('n')}, ${mineOr('other')}, 'me', 'volume-' || n, 10, 'SAS', 'eu-de-01', now() - n * interval '1 second'`);
  await rows(`
    insert into images (id, project_id, name, visibility, created_at, container_format)
    select ${numbered('n')}, ${mineOr('other')}, 'image-' || n,
      case n % 5 when 0 then 'private' when 1 then 'shared' when 2 then 'community' when 3 then 'public' else 'private' end,
      now() - n * interval '1 second', 'bare'`);
  await rows(`
    insert into image_members (image_id, project_id, status)
    select ${numbered('n')}, case n % 100 when 1 then 'mine' else 'third' end, 'accepted'`);
  // Most machines carry somebody's server; the last tenth is idle, and a few are dedicated.
  await rows(`
    insert into nodes (id, name, driver, standing, zone, flavor_id, server_id, project_id)
    select ${numbered('n')}, 'node-' || n, 'simulated',
      case when n = 5 then 'quarantined' when n > ${0.9 * fleet} then 'ready' else 'in-use' end, 'eu-de-01',
      'physical.m2.large', case when n > ${0.9 * fleet} then null else ${numbered('n')} end,
      case when n % 500 = 3 then 'mine' end`);
  const ownerThen = `case n % 10 when 0 then 'mine' when 1 then null else 'other' end`;
  await rows(`
    insert into alarms (node_id, project_id, condition, message, began_at)
    select ${numbered('n')}, ${ownerThen}, 'quarantined', '', now() + n * interval '1 second'`);
  await rows(`
    insert into node_events (node_id, project_id, code, message, at)
    select ${numbered('n')}, ${ownerThen}, 'quarantined', '', now() + n * interval '1 second'`);
  await rows(`
    insert into audit (id, at, account_id, project_id, source_ip, request_id, service, route, method, name, status_code,
      resource_ids)
    select ${numbered('n')}, now() - n * interval '1 second', case when n % 10 < 2 then 'a' else 'b' end, ${ownerThen}, '', '',
      'bms', '', 'POST', 'x', 200, array['r-' || n]`);
  await rows(`
    insert into history (server_id, node_id, actor, reason) select ${numbered('n')}, ${numbered('n')}, 'me', ''`);
  await rows(`
    insert into jobs (id, project_id, user_id, request_id, operation, door)
    select ${numbered('n')}, ${mineOr('other')}, 'me', '', 'stop', 'bms'`);
  await rows(`
    insert into sub_jobs (id, job_id, position, operation, door, server_id, status, deadline_ms, deadline_at)
    select ${numbered('n')}, ${numbered('n')}, 0, 'stop', 'bms', ${numbered('n')}, 'queued', 1, now()`);
  await rows(`
    insert into server_groups (id, project_id, user_id, name, policy, created_at)
    select ${numbered('n')}, ${mineOr('other')}, 'me', '', 'anti-affinity', now() - n * interval '1 second'`);
  await client.query('vacuum analyze');
  await client.query(
    `update servers set name = 'needle', state = 'Faulty', tags = '{blue}', updated_at = now() + interval '1 hour' where id = $1`,
    [idOf(fleet / 2)],
  );
  client.release(true);
}
