/** What the handlers of this API work with. */
import type { AccessKeys } from '../../core/access-keys.ts';
import type { ApplicationCredentials } from '../../core/application-credentials.ts';
import type { IdentityPolicies } from '../../core/identity-policies.ts';
import type { Groups } from '../../core/groups.ts';
import type { LoginAttempts } from '../../core/login-attempts.ts';
import type { Tenancy } from '../../core/tenancy.ts';
import type { FairTurns } from '../fair-turns.ts';

export interface Passwords {
  hash(password: string): Promise<string>;
  verify(password: string, hash: string): Promise<boolean>;
}

export interface Cloud {
  tenancy: Tenancy;
  loginAttempts: LoginAttempts;
  groups: Groups;
  policies: IdentityPolicies;
  accessKeys: AccessKeys;
  applicationCredentials: ApplicationCredentials;
  region: string;
  /** Life of a token. */
  tokenHours: number;
  now: () => number;
  passwords: Passwords;
  /** By where they come from, so that nobody's guesses keep others waiting. */
  verifying: FairTurns;
  /** Verified in place of the password of a user who does not exist, so that both take equally long. */
  dummyHash: Promise<string>;
  log: (facts: Record<string, unknown>, message: string) => void;
}
