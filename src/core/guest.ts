/** People whose identity is looked after elsewhere: an external Keystone says who they are, we keep what they own. */
import type { Standing } from './tenancy.ts';

interface Named {
  id: string;
  name: string;
}

/** As the external Keystone speaks of a token. */
export interface GuestToken {
  user: Named & { account: Named };
  /** At most one of the two; neither: the token is for no place. */
  project: (Named & { account: Named }) | null;
  account: Named | null;
  /** Names of roles, which are ours by the same name. */
  roles: string[];
  applicationCredential: (Named & { isRestricted: boolean }) | null;
  methods: string[];
  auditId: string;
  issuedAt: Date;
  expiresAt: Date;
}

export interface Guests {
  /**
   * Makes or mends the rows that servers, keypairs and the rest refer to, and gives the guest at this place the roles
   * that the token has. Null where the row here was disabled: that is our own word.
   */
  admit(token: GuestToken): Promise<Standing | null>;
}
