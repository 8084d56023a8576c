/** Application credentials: secrets with which programs log in as a user, to one project. */
import type { HeldRole } from './tenancy.ts';

export interface ApplicationCredential {
  id: string;
  userId: string;
  projectId: string;
  name: string;
  description: string;
  /** Those of the user's roles on the project that count. */
  roles: HeldRole[];
  /** May be used to make further keys and credentials. */
  unrestricted: boolean;
  expiresAt: Date | null;
}

export interface ApplicationCredentials {
  list(userId: string, filter?: { name?: string }): Promise<ApplicationCredential[]>;
  find(userId: string, id: string): Promise<ApplicationCredential | null>;
  /** Throws conflict when the user has one of that name. */
  create(credential: ApplicationCredential, secretHash: string): Promise<void>;
  /** Its tokens go with it. */
  remove(userId: string, id: string): Promise<boolean>;
  /** For a login. */
  findSecret(
    who: { id: string } | { userId: string; name: string },
  ): Promise<{ credential: ApplicationCredential; secretHash: string } | null>;
}
