/** Who somebody is: by password, by an earlier token or by the secret of a program (Identity API v3, "Authentication"). */
import type { Static } from 'typebox';
import type { ApplicationCredential } from '../../core/application-credentials.ts';
import { invalid, unauthenticated } from '../../core/errors.ts';
import { secretGuesses } from '../../core/login-attempts.ts';
import type { Credentials, User } from '../../core/tenancy.ts';
import { hashToken } from '../auth.ts';
import type { Call } from '../api.ts';
import { guessOriginOf } from '../source.ts';
import type { Cloud } from './cloud.ts';
import { findAccountId } from './scope.ts';
import type { LoginBody } from './wire.ts';

type Identity = Static<typeof LoginBody>['auth']['identity'];

export interface Proof {
  user: User;
  methods: string[];
  /** A token does not outlive the token or the credential that it is made from. */
  mostUntil: Date | null;
  /** With which a program logged in; says where the token is good. */
  applicationCredential: ApplicationCredential | null;
}

/** All methods named must be proven, and be about one user (keystone/api/_shared/authentication.py). */
export async function prove(cloud: Cloud, call: Call, identity: Identity): Promise<Proof> {
  const methods = [...new Set(identity.methods)];
  const missing = methods.find((method) => !Object.hasOwn(identity, method));
  if (missing !== undefined) throw invalid(`Expecting to find ${missing} in identity.`);
  const known = methods.filter((method) => method in provers) as (keyof typeof provers)[];
  if (methods.length === 0 || known.length < methods.length) throw unauthenticated('unsupported method');

  const proofs: Proof[] = [];
  const look = async () => {
    for (const method of known) proofs.push(await provers[method](cloud, call, identity));
  };
  if (known.some((method) => method !== 'token')) await inTurn(cloud, call, look);
  else await look();
  const user = proofs[0]!.user;
  if (proofs.some((proof) => proof.user.id !== user.id)) throw unauthenticated('two different users');
  return {
    user,
    methods: [...new Set(proofs.flatMap((proof) => proof.methods))],
    mostUntil: proofs.reduce<Date | null>((end, { mostUntil }) => earlier(end, mostUntil), null),
    applicationCredential:
      proofs.find(({ applicationCredential }) => applicationCredential)?.applicationCredential ?? null,
  };
}

/**
 * Whoever comes with secrets waits for its turn before anything is looked up: the look at a secret takes a core for a while,
 * and one address that sends guesses without end kept everybody else waiting for a quarter of a minute.
 */
export function inTurn<T>({ verifying }: Cloud, { sourceIp }: Call, work: () => Promise<T>): Promise<T> {
  return verifying.take(guessOriginOf(sourceIp), work);
}

function earlier(one: Date | null, other: Date | null): Date | null {
  return one && other ? new Date(Math.min(one.getTime(), other.getTime())) : (one ?? other);
}

const provers = {
  async password(cloud: Cloud, call: Call, { password: given }: Identity): Promise<Proof> {
    const found = await findCredentials(cloud, given!.user);
    const user = await checkPassword(cloud, call, found, given!.user.password);
    return { user, methods: ['password'], mostUntil: null, applicationCredential: null };
  },

  async token({ tenancy }: Cloud, _call: Call, { token }: Identity): Promise<Proof> {
    const caller = await tenancy.findCaller(hashToken(token!.id));
    if (!caller) throw unauthenticated('unknown token');
    // Such a token is good for one project; another one made from it might not be.
    if (caller.applicationCredential) throw unauthenticated('a token of an application credential');
    return {
      user: caller.user,
      methods: ['token', ...caller.methods],
      mostUntil: caller.expiresAt,
      applicationCredential: null,
    };
  },

  async application_credential(cloud: Cloud, call: Call, identity: Identity): Promise<Proof> {
    const given = identity.application_credential!;
    const found = await findSecret(cloud, given);
    const owner = await cloud.tenancy.findCredentials({ id: found?.credential.userId ?? '' });
    const user = await checkSecret(cloud, call, {
      user: (found && owner?.user) ?? null,
      subject: found?.credential.id ?? '',
      secretHash: found?.secretHash ?? null,
      secret: given.secret,
    });
    const { credential } = found!;
    const { expiresAt } = credential;
    if (expiresAt && expiresAt.getTime() <= cloud.now()) throw unauthenticated('expired');
    return {
      user,
      methods: ['application_credential'],
      mostUntil: expiresAt,
      applicationCredential: credential,
    };
  },
};

type GivenSecret = NonNullable<Identity['application_credential']>;

async function findSecret(cloud: Cloud, { id, name, user }: GivenSecret) {
  if (id !== undefined) return cloud.applicationCredentials.findSecret({ id });
  if (name === undefined || !user) {
    throw invalid('Expecting to find id, or name and user in application_credential.');
  }
  const owner = await findCredentials(cloud, user);
  return cloud.applicationCredentials.findSecret({ userId: owner?.user.id ?? '', name });
}

type GivenUser = NonNullable<GivenSecret['user']>;

async function findCredentials(cloud: Cloud, { id, name, domain }: GivenUser) {
  const { tenancy } = cloud;
  if (id !== undefined) return tenancy.findCredentials({ id });
  if (name === undefined) throw invalid('Expecting to find id or name in user.', 'user');
  if (domain?.id === undefined && domain?.name === undefined) {
    throw invalid('Expecting to find domain in user.', 'user.domain');
  }
  const accountId = await findAccountId(cloud, domain);
  return tenancy.findCredentials({ name, accountId: accountId ?? '' });
}

/** @throws unauthenticated as `checkSecret` does */
export async function checkPassword(
  cloud: Cloud,
  call: Call,
  found: Credentials | null,
  password: string,
): Promise<User> {
  return checkSecret(cloud, call, {
    user: found?.user ?? null,
    subject: found?.user.id ?? '',
    secretHash: found?.passwordHash ?? null,
    secret: password,
  });
}

interface GivenProof {
  /** Null: there is none, or none who may log in. */
  user: User | null;
  /** Whose guesses are counted together; empty where there is nobody. */
  subject: string;
  secretHash: string | null;
  secret: string;
}

/**
 * Throws unauthenticated, after the same work, for an unknown user, a wrong secret, and where nothing is let in after too
 * many guesses (`secretGuesses`).
 */
async function checkSecret(
  { loginAttempts, passwords, dummyHash, log }: Cloud,
  { sourceIp, requestId }: Call,
  { user, subject, secretHash, secret }: GivenProof,
): Promise<User> {
  const attempt = { subject: user ? subject : '', origin: guessOriginOf(sourceIp) };
  const isRight = await passwords.verify(secret, secretHash ?? (await dummyHash));
  // Asked also of a wrong one, so that a lock does not tell by its time which guess was right.
  const isOpen = await loginAttempts.isOpen(attempt, secretGuesses);
  if (user && secretHash && isRight && isOpen) {
    await loginAttempts.welcome(attempt);
    return user;
  }
  await loginAttempts.count(attempt, secretGuesses);
  log({ userId: user?.id ?? null, sourceIp, requestId }, 'a login failed');
  throw unauthenticated('wrong user or password, or locked');
}
