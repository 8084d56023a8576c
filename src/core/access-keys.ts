/** Access keys (AK/SK), with which requests are signed. */

export interface AccessKey {
  access: string;
  userId: string;
  description: string;
  enabled: boolean;
  createdAt: Date;
}

/** Told once, when it is made. */
export interface NewAccessKey extends AccessKey {
  secret: string;
}

/** Comes with a security token, ends by itself, and is in no list. */
export interface TemporaryKey {
  access: string;
  secret: string;
  securityToken: string;
  expiresAt: Date;
}

/** What a signature is checked against. */
export interface SigningKey {
  userId: string;
  secret: string;
  enabled: boolean;
  /** Wrong signatures from where it is asked for, as far as they count (`login-attempts.ts`). */
  failures: number;
  /** Of a temporary key; `projectId` null: good for whatever its user may do. */
  temporary: { tokenHash: Buffer; expiresAt: Date; projectId: string | null } | null;
}

export interface AccessKeys {
  list(userId: string): Promise<AccessKey[]>;
  find(access: string): Promise<AccessKey | null>;
  /** Null when the user has as many as `most`, or is gone. */
  create(userId: string, description: string, most: number): Promise<NewAccessKey | null>;
  change(
    access: string,
    change: Partial<Pick<AccessKey, 'enabled' | 'description'>>,
  ): Promise<AccessKey | null>;
  remove(access: string): Promise<boolean>;
  createTemporary(userId: string, projectId: string | null, seconds: number): Promise<TemporaryKey>;

  /** Null when there is none, or its user or account is disabled. */
  findSigning(access: string, origin: string): Promise<SigningKey | null>;
}
