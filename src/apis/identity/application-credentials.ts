/** Secrets with which programs log in to one project (Identity API v3, "Application Credentials"). */
import { randomBytes } from 'node:crypto';
import type { Static } from 'typebox';
import type { ApplicationCredential } from '../../core/application-credentials.ts';
import { invalid, notFound } from '../../core/errors.ts';
import type { Caller, HeldRole } from '../../core/tenancy.ts';
import { newId } from '../../engine/ids.ts';
import { callerOf, ok, single, toHex, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { forbidden } from './errors.ts';
import { listed } from './lists.ts';
import { toApplicationCredential, type ApplicationCredentialBody } from './wire.ts';

type Wish = Static<typeof ApplicationCredentialBody>['application_credential'];

/** For oneself only, and for the project of the token. */
export async function create(cloud: Cloud, call: Call): Promise<Answer> {
  const wish = (call.body as Static<typeof ApplicationCredentialBody>).application_credential;
  const caller = callerOf(call);
  if (caller.user.id !== call.params['user'] || caller.isDelegate) {
    throw forbidden('create_application_credential');
  }
  if (!caller.project) throw invalid('An application credential is made with a token for a project.');
  if (wish.access_rules?.length) throw invalid('access_rules are not supported.', 'access_rules');
  const secret = wish.secret ?? randomBytes(48).toString('base64url');
  const credential: ApplicationCredential = {
    id: toHex(newId(cloud.now())),
    userId: caller.user.id,
    projectId: caller.project.id,
    name: wish.name,
    description: wish.description ?? '',
    roles: chooseRoles(caller, wish.roles ?? null),
    unrestricted: wish.unrestricted ?? false,
    expiresAt: parseEnd(wish.expires_at ?? null, cloud.now()),
  };
  await cloud.applicationCredentials.create(credential, await cloud.passwords.hash(secret));
  const shown = toApplicationCredential(credential, call.origin);
  return ok({ application_credential: { ...shown, secret } }, 201);
}

/** Those named, by id or name, or all that the caller has here. */
function chooseRoles({ roles: held }: Caller, asked: NonNullable<Wish['roles']> | null): HeldRole[] {
  if (asked === null || asked.length === 0) return held;
  return asked.map(({ id, name }) => {
    const role = held.find((it) => (id === undefined ? it.name === name : it.id === id));
    if (!role) throw invalid(`The role ${id ?? name ?? ''} is not held on the project.`, 'roles');
    return role;
  });
}

/** In UTC, whether it says so or not. */
function parseEnd(text: string | null, now: number): Date | null {
  if (text === null) return null;
  const isForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?Z?$/.test(text);
  const end = new Date(isForm ? text.replace(/Z?$/, 'Z') : NaN);
  if (!(end.getTime() > now)) {
    throw invalid('expires_at is a time to come, like 2030-01-02T03:04:05.000000Z.', 'expires_at');
  }
  return end;
}

export async function list({ applicationCredentials }: Cloud, call: Call): Promise<Answer> {
  const found = await applicationCredentials.list(ownerOf(call, 'list_application_credentials'), {
    name: single(call, 'name'),
  });
  return listed(call, 'application_credentials', found, toApplicationCredential);
}

export async function show({ applicationCredentials }: Cloud, call: Call): Promise<Answer> {
  const id = call.params['credential']!;
  const found = await applicationCredentials.find(ownerOf(call, 'get_application_credential'), id);
  if (!found) throw notFound('application credential', id);
  return ok({ application_credential: toApplicationCredential(found, call.origin) });
}

export async function remove({ applicationCredentials }: Cloud, call: Call): Promise<Answer> {
  const id = call.params['credential']!;
  const userId = ownerOf(call, 'delete_application_credential');
  if (callerOf(call).isDelegate) throw forbidden('delete_application_credential');
  if (!(await applicationCredentials.remove(userId, id))) throw notFound('application credential', id);
  return { statusCode: 204 };
}

/** The user of the path: oneself, or anybody for an administrator. */
function ownerOf(call: Call, action: string): string {
  const userId = call.params['user']!;
  const { isAdmin, user } = callerOf(call);
  if (!isAdmin && user.id !== userId) throw forbidden(action);
  return userId;
}
