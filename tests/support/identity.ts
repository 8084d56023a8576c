/** The identity API over the real HTTP layer and a PostgreSQL database of its own. */
import { randomBytes, randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { expect } from 'vitest';
import { createAuth } from '../../src/apis/auth.ts';
import { createHttp } from '../../src/apis/http.ts';
import { identityApi } from '../../src/apis/identity/routes.ts';
import { createJudge } from '../../src/core/authorization.ts';
import { systemRoles } from '../../src/core/system-policies.ts';
import type { Tenancy } from '../../src/core/tenancy.ts';
import { hashPassword, verifyPassword } from '../../src/engine/password.ts';
import { resourceTags } from '../../src/store/resource-tags.ts';
import { accessKeys } from '../../src/store/access-keys.ts';
import { applicationCredentials } from '../../src/store/application-credentials.ts';
import { groups } from '../../src/store/groups.ts';
import { identityPolicies } from '../../src/store/identity-policies.ts';
import { loginAttempts } from '../../src/store/login-attempts.ts';
import { openDatabase, type Database } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { tenancy as openTenancy } from '../../src/store/tenancy.ts';
import { createVault } from '../../src/store/vault.ts';
import { createDatabase } from './database.ts';

const vault = createVault([randomBytes(32)]);

/** The origin of all links. */
export const O = 'http://cloud.test';
/** Everybody's password. */
export const password = 'correct horse';
export const hex32 = /^[0-9a-f]{32}$/;
export const hexId = () => randomUUID().replaceAll('-', '');
export const aboutToken = (subject: string) => ({ 'x-subject-token': subject });

export interface Reply {
  status: number;
  headers: Record<string, unknown>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

/** What the API under test was given, and what it did with it. */
interface Surroundings {
  /** How far the app's clock is ahead. */
  skewMs: number;
  verified: { password: string; hash: string }[];
  logged: { facts: Record<string, unknown>; message: string }[];
}

export async function startIdentity() {
  const testDatabase = await createDatabase();
  const database = await openDatabase(testDatabase.url, { connections: 4, onError: () => undefined });
  await migrate(database.sql);
  const stores = openStores(database);
  const { tenancy } = stores;
  const passwordHash = await hashPassword(password);
  const ids = await makeFirstAccount(tenancy, passwordHash);
  const around: Surroundings = { skewMs: 0, verified: [], logged: [] };
  const app = await startApp(database, around);

  /** Tests come through a trusted proxy, which says whence. */
  const login = (body: unknown, { on = app, query = '', from = '127.0.0.1' } = {}) =>
    on.call('POST', `/v3/auth/tokens${query}`, null, body, { 'x-forwarded-for': from });

  async function tokenOf(user: object, scope?: unknown): Promise<string> {
    const reply = await login(byPassword(user, scope));
    expect(reply.status).toBe(201);
    return reply.headers['x-subject-token'] as string;
  }

  /** A user of the first account, with a role on the first project. */
  async function makeUser(role: string | null = 'member') {
    const id = hexId();
    const name = `user-${id.slice(0, 8)}`;
    await tenancy.createUser(newUser(ids.account, { id, name }), passwordHash);
    if (role) await tenancy.assign(id, ids.roles[role]!, { projectId: ids.project });
    return { id, name };
  }

  const onProject = { project: { id: ids.project } };
  /** Of a project token of the administrator. */
  const admin = await tokenOf({ id: ids.admin }, onProject);

  async function makeDomain(): Promise<{ id: string; name: string }> {
    const domain = { name: `domain-${randomUUID()}` };
    const { status, body } = await app.call('POST', '/v3/domains', admin, { domain });
    expect(status).toBe(201);
    return body.domain;
  }

  return {
    url: testDatabase.url,
    database,
    stores,
    tenancy,
    ids,
    around,
    app,
    call: app.call,
    login,
    tokenOf,
    admin,
    onProject,
    makeUser,
    makeDomain,
    /** Another process on the same database, or the same one after a restart. */
    startAnother: (over: Database = database, tokenHours?: number) => startApp(over, around, tokenHours),
    async close() {
      await app.close();
      await database.close();
      await testDatabase.drop();
    },
  };
}

export type Identity = Awaited<ReturnType<typeof startIdentity>>;

function openStores(database: Database) {
  const tenancy = openTenancy(database);
  return {
    tenancy,
    policies: identityPolicies(database.sql, () => tenancy.tellChange()),
    groups: groups(database.sql, () => tenancy.tellChange()),
    loginAttempts: loginAttempts(database.sql),
    accessKeys: accessKeys(database.sql, vault),
    applicationCredentials: applicationCredentials(database.sql, () => tenancy.tellChange()),
  };
}

async function startApp(database: Database, around: Surroundings, tokenHours = 24) {
  const now = () => Date.now() + around.skewMs;
  const stores = openStores(database);
  const auth = await createAuth(
    stores.tenancy,
    stores.accessKeys,
    stores.loginAttempts,
    createJudge({ region: 'eu-de', withTwins: true, now }),
    resourceTags(database.sql),
    now,
  );
  const passwords = {
    hash: hashPassword,
    verify(given: string, hash: string) {
      around.verified.push({ password: given, hash });
      return verifyPassword(given, hash);
    },
  };
  const log = (facts: Record<string, unknown>, message: string) =>
    void around.logged.push({ facts, message });
  const http = await createHttp({
    apis: [identityApi({ ...stores, region: 'eu-de', tokenHours, now, passwords, log })],
    auth,
    logger: pino({ level: 'silent' }),
    publicUrl: null,
    trustedProxies: ['127.0.0.1'],
    limits: { reads: 0, writes: 0, logins: 0 },
    shedLagMs: 2_000,
    bodySeconds: 60,
    record: async () => undefined,
  });
  return {
    async call(
      method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
      url: string,
      token: string | null = null,
      payload?: unknown,
      headers: Record<string, string> = {},
    ): Promise<Reply> {
      const answer = await http.inject({
        method,
        url,
        headers: { host: 'cloud.test', ...(token && { 'x-auth-token': token }), ...headers },
        ...(payload === undefined ? {} : { payload: payload as object }),
      });
      const body = answer.body === '' ? null : answer.json();
      return { status: answer.statusCode, headers: answer.headers, body };
    },
    async close() {
      await auth.close();
      await http.close();
    },
  };
}

function newUser(accountId: string, user: { id: string; name: string }) {
  return {
    ...user,
    accountId,
    email: null,
    description: '',
    enabled: true,
    isRoot: false,
    defaultProjectId: null as string | null,
    createdAt: new Date(),
  };
}

async function makeFirstAccount(tenancy: Tenancy, passwordHash: string) {
  const ids = { account: hexId(), project: hexId(), admin: hexId(), roles: {} as Record<string, string> };
  const first = { description: '', enabled: true, createdAt: new Date() };
  await tenancy.createAccount({ ...first, id: ids.account, name: 'Default' });
  await tenancy.createProject({ ...first, id: ids.project, accountId: ids.account, name: 'eu-de' });
  for (const name of systemRoles.map((role) => role.name)) {
    ids.roles[name] = (await tenancy.listRoles({ name }))[0]!.id;
  }
  const admin = newUser(ids.account, { id: ids.admin, name: 'admin' });
  await tenancy.createUser({ ...admin, isRoot: true, defaultProjectId: ids.project }, passwordHash);
  await tenancy.assign(ids.admin, ids.roles['admin']!, { projectId: ids.project });
  await tenancy.assign(ids.admin, ids.roles['admin']!, { accountId: ids.account });
  return ids;
}

export const byPassword = (user: object, scope?: unknown) => ({
  auth: {
    identity: { methods: ['password'], password: { user: { password, ...user } } },
    ...(scope === undefined ? {} : { scope }),
  },
});

export const byToken = (id: string, scope?: unknown) => ({
  auth: { identity: { methods: ['token'], token: { id } }, ...(scope === undefined ? {} : { scope }) },
});

/** The one 401, whatever the reason. */
export function expectUnauthorized(reply: Reply): void {
  const message = 'The request you have made requires authentication.';
  expect([reply.status, reply.body]).toEqual([401, { error: { code: 401, title: 'Unauthorized', message } }]);
  expect(reply.headers['www-authenticate']).toBe(`Keystone uri="${O}"`);
}

export const forbiddenTo = (action: string) => ({
  code: 403,
  title: 'Forbidden',
  message: `You are not authorized to perform the requested action: identity:${action}.`,
});
