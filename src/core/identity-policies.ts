/** Identity policies (version 5.0), their versions, and to whom they are attached. */

export interface IdentityPolicy {
  id: string;
  /** Null: of the installation. */
  accountId: string | null;
  name: string;
  path: string;
  description: string;
  defaultVersion: number;
  attachments: number;
  createdAt: Date;
  updatedAt: Date;
}

export interface PolicyVersionRecord {
  version: number;
  /** As it was written. */
  document: string;
  isDefault: boolean;
  createdAt: Date;
}

export type AttachedTo = { userId: string } | { groupId: string };

export interface Attachment {
  policy: IdentityPolicy;
  userId: string | null;
  groupId: string | null;
  attachedAt: Date;
}

export interface IdentityPolicies {
  /** Those of the account and of the installation, by id. */
  list(accountId: string): Promise<IdentityPolicy[]>;
  find(id: string): Promise<IdentityPolicy | null>;
  /** @throws conflict where the account has one of this name */
  create(
    policy: Pick<IdentityPolicy, 'id' | 'name' | 'path' | 'description'> & { accountId: string },
    document: string,
  ): Promise<IdentityPolicy>;
  /** False while it is attached to somebody. */
  remove(id: string): Promise<boolean>;
  listVersions(id: string): Promise<PolicyVersionRecord[]>;
  /** Null where there are `most` already. */
  addVersion(
    id: string,
    document: string,
    isDefault: boolean,
    most: number,
  ): Promise<PolicyVersionRecord | null>;
  setDefault(id: string, version: number): Promise<boolean>;
  /** False for the default version, and for one that is not there. */
  removeVersion(id: string, version: number): Promise<boolean>;
  attach(id: string, to: AttachedTo): Promise<void>;
  detach(id: string, from: AttachedTo): Promise<boolean>;
  listAttachments(of: { policyId: string } | AttachedTo): Promise<Attachment[]>;
}
