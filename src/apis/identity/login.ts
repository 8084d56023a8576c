/** Who somebody is: by password or by an earlier token (Identity API v3, "Authentication"). */
import type { Static } from 'typebox';
import { invalid, unauthenticated } from '../../core/errors.ts';
import type { Credentials, User } from '../../core/tenancy.ts';
import { hashToken } from '../auth.ts';
import type { Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import type { LoginBody } from './wire.ts';

type Identity = Static<typeof LoginBody>['auth']['identity'];

export interface Proof {
  user: User;
  methods: string[];
  /** A token made from a token does not outlive it. */
  mostUntil: Date | null;
}

const mostFailures = 5;
const lockSeconds = 300;

/** All methods named must be proven, and be about one user (keystone/api/_shared/authentication.py). */
export async function prove(cloud: Cloud, call: Call, identity: Identity): Promise<Proof> {
  const methods = [...new Set(identity.methods)];
  const missing = methods.find((method) => !Object.hasOwn(identity, method));
  if (missing !== undefined) throw invalid(`Expecting to find ${missing} in identity.`);
  const known = methods.filter((method) => method === 'password' || method === 'token');
  if (methods.length === 0 || known.length < methods.length) throw unauthenticated('unsupported method');

  const proofs: Proof[] = [];
  for (const method of known) proofs.push(await provers[method](cloud, call, identity));
  const user = proofs[0]!.user;
  if (proofs.some((proof) => proof.user.id !== user.id)) throw unauthenticated('two different users');
  return {
    user,
    methods: [...new Set(proofs.flatMap((proof) => proof.methods))],
    mostUntil: proofs.find(({ mostUntil }) => mostUntil)?.mostUntil ?? null,
  };
}

const provers = {
  async password(cloud: Cloud, call: Call, { password: given }: Identity): Promise<Proof> {
    const found = await findCredentials(cloud, given!.user);
    const user = await checkPassword(cloud, call, found, given!.user.password);
    return { user, methods: ['password'], mostUntil: null };
  },

  async token({ tenancy }: Cloud, _call: Call, { token }: Identity): Promise<Proof> {
    const caller = await tenancy.findCaller(hashToken(token!.id));
    if (!caller) throw unauthenticated('unknown token');
    return { user: caller.user, methods: ['token', ...caller.methods], mostUntil: caller.expiresAt };
  },
};

type GivenUser = NonNullable<Identity['password']>['user'];

async function findCredentials({ tenancy }: Cloud, { id, name, domain }: GivenUser) {
  if (id !== undefined) return tenancy.findCredentials({ id });
  if (name === undefined) throw invalid('Expecting to find id or name in user.', 'user');
  if (domain?.id !== undefined) return tenancy.findCredentials({ name, accountId: domain.id });
  if (domain?.name === undefined) throw invalid('Expecting to find domain in user.', 'user.domain');
  const [account] = await tenancy.listAccounts({ name: domain.name });
  return account ? tenancy.findCredentials({ name, accountId: account.id }) : null;
}

/**
 * Throws unauthenticated, after the same work, for an unknown user, a wrong password, and a locked user. Five wrong
 * passwords in a row lock a user for five minutes.
 */
export async function checkPassword(
  { tenancy, passwords, dummyHash, log }: Cloud,
  { sourceIp, requestId }: Call,
  found: Credentials | null,
  password: string,
): Promise<User> {
  const hash = found?.passwordHash ?? null;
  const isRight = await passwords.verify(password, hash ?? (await dummyHash));
  if (found && hash && isRight && (await tenancy.forgiveFailedLogins(found.user.id))) return found.user;
  await tenancy.countFailedLogin(found?.user.id ?? '', mostFailures, lockSeconds);
  log({ userId: found?.user.id ?? null, sourceIp, requestId }, 'a login failed');
  throw unauthenticated('wrong user or password, or locked');
}
