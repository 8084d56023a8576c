/** Who says who a caller is: Ingot itself, or the Keystone that it was told of. */
import { withExternalIdentity } from '../apis/external-auth.ts';
import { createAuth, type Auth } from '../apis/auth.ts';
import type { Config } from '../config.ts';
import { createJudge } from '../core/authorization.ts';
import { createKeystone, type KeystoneOptions } from '../keystone/client.ts';
import type { Stores } from './stores.ts';

export type ExternalKeystone = Pick<KeystoneOptions, 'url' | 'credentials'>;

/** @throws Error with one line, when the password of the service user is missing */
export function toExternal(config: Config): ExternalKeystone | null {
  if (config.keystoneUrl === null) return null;
  if (config.keystonePassword === null) {
    throw new Error(
      'INGOT_KEYSTONE_URL needs INGOT_KEYSTONE_PASSWORD, of a user who may validate tokens there.',
    );
  }
  return {
    url: config.keystoneUrl.replace(/\/+$/, ''),
    credentials: {
      user: config.keystoneUser,
      password: config.keystonePassword,
      userDomain: config.keystoneUserDomain,
      project: config.keystoneProject,
      projectDomain: config.keystoneProjectDomain,
    },
  };
}

export async function openAuth(
  config: Config,
  { tenancy, accessKeys, loginAttempts, resourceTags, guests }: Stores,
  external: ExternalKeystone | null,
): Promise<Auth> {
  const now = Date.now;
  const judge = createJudge({ region: config.region, withTwins: config.bmsTwins, now });
  const own = await createAuth(tenancy, accessKeys, loginAttempts, judge, resourceTags, now);
  if (!external) return own;
  return withExternalIdentity(own, {
    validate: createKeystone({ ...external, now }).validate,
    guests,
    recheckMs: config.keystoneRecheckSeconds * 1_000,
    now,
  });
}
