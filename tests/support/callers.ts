/** Callers of any role and project, made in the database directly. */
import { randomBytes } from 'node:crypto';
import { hashToken } from '../../src/apis/auth.ts';
import type { Cloud } from './cloud.ts';

/** A token of somebody with one role in one project, which is made when it is new. */
export async function tokenFor(
  { sql }: Pick<Cloud, 'sql'>,
  role: string,
  projectId: string,
): Promise<string> {
  const userId = randomBytes(16).toString('hex');
  const token = randomBytes(24).toString('base64url');
  await sql.query(
    `insert into projects (id, account_id, name) select $1, id, $1 from accounts limit 1 on conflict do nothing`,
    [projectId],
  );
  await sql.query(`insert into users (id, account_id, name) select $1, id, $1 from accounts limit 1`, [
    userId,
  ]);
  await sql.query(
    `insert into role_assignments (user_id, role_id, project_id) select $1, id, $2 from roles where name = $3`,
    [userId, projectId, role],
  );
  await sql.query(
    `insert into tokens (hash, user_id, project_id, methods, audit_id, issued_at, expires_at)
     values ($1, $2, $3, '{password}', 'test', now(), now() + interval '1 hour')`,
    [hashToken(token), userId, projectId],
  );
  return token;
}

/** A token of somebody who may do in the first project what a policy of version 1.1 says. */
export async function tokenWithPolicy(cloud: Cloud, Statement: object[]): Promise<string> {
  const display_name = `policy-${randomBytes(4).toString('hex')}`;
  const role = { display_name, type: 'XA', description: '', policy: { Version: '1.1', Statement } };
  const made = await cloud.call('POST', '/v3.0/OS-ROLE/roles', { role });
  if (made.status !== 201) throw new Error(`${made.status} ${JSON.stringify(made.body)}`);
  const { rows } = await cloud.sql.query<{ name: string }>('select name from roles where id = $1', [
    made.body.role.id,
  ]);
  return tokenFor(cloud, rows[0]!.name, cloud.projectId);
}
