/** Groups of users. What a group holds, its members hold. */
import type { User } from './tenancy.ts';

export interface Group {
  id: string;
  accountId: string;
  name: string;
  description: string;
  createdAt: Date;
}

export interface Groups {
  list(filter?: { accountId?: string; name?: string; userId?: string }): Promise<Group[]>;
  find(id: string): Promise<Group | null>;
  /** @throws conflict where the account has a group of this name */
  create(group: Group): Promise<Group>;
  change(id: string, change: Partial<Pick<Group, 'name' | 'description'>>): Promise<Group | null>;
  remove(id: string): Promise<boolean>;
  listMembers(id: string): Promise<User[]>;
  hasMember(id: string, userId: string): Promise<boolean>;
  addMember(id: string, userId: string): Promise<void>;
  removeMember(id: string, userId: string): Promise<boolean>;
}
