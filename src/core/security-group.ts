/**
 * Security groups: which traffic a project lets reach its servers. They are records that all APIs share; there is no
 * switch behind Ingot that would filter by them.
 */

import type { FieldFilter, Page } from './page.ts';

export interface SecurityGroup {
  id: string;
  projectId: string;
  name: string;
  description: string;
  /** The one that a project has from the start; servers for which nobody chose are in it. */
  isDefault: boolean;
  rules: SecurityGroupRule[];
  createdAt: Date;
  updatedAt: Date;
}

export interface SecurityGroupRule {
  id: string;
  groupId: string;
  direction: 'ingress' | 'egress';
  etherType: 'IPv4' | 'IPv6';
  /** A name or a number of IANA's; null: any. */
  protocol: string | null;
  /** With ICMP: the type. */
  portMin: number | null;
  /** With ICMP: the code. */
  portMax: number | null;
  /** From or to where: a network, a group, or (both null) anywhere. */
  remoteCidr: string | null;
  remoteGroupId: string | null;
  description: string;
  createdAt: Date;
}

export type NewRule = Omit<SecurityGroupRule, 'id' | 'createdAt'>;

export type SecurityGroupField = 'id' | 'name' | 'description';
export type RuleField =
  | 'id'
  | 'groupId'
  | 'direction'
  | 'etherType'
  | 'protocol'
  | 'portMin'
  | 'portMax'
  | 'remoteCidr'
  | 'remoteGroupId'
  | 'description';

/** Always of one project. */
export interface SecurityGroups {
  /** The default one first, then by name. Throws invalid for a marker that is not the project's. */
  listPage(projectId: string, filter: FieldFilter<SecurityGroupField>, page: Page): Promise<SecurityGroup[]>;
  /** In the order of their groups, then as the groups show them. */
  listRules(projectId: string, filter: FieldFilter<RuleField>, page: Page): Promise<SecurityGroupRule[]>;
  /** All of them, the default one first, then by name. `serverId`: those that the server is in. */
  list(projectId: string, filter?: { ids?: string[]; serverId?: string }): Promise<SecurityGroup[]>;
  create(projectId: string, facts: { name: string; description: string }): Promise<SecurityGroup>;
  change(
    id: string,
    projectId: string,
    facts: { name?: string; description?: string },
  ): Promise<SecurityGroup | null>;
  /** False when there is none; throws conflict for the default group, and while a server is in it. */
  remove(id: string, projectId: string): Promise<boolean>;
  /** What stands beyond the prefix of `remoteCidr` is dropped. Throws conflict when the group has such a rule. */
  addRule(rule: NewRule): Promise<SecurityGroupRule>;
  removeRule(id: string, projectId: string): Promise<boolean>;
  /** Puts a server into a group; nothing happens when it is there. */
  join(serverId: string, groupId: string): Promise<void>;
  /** False when it was not in it. */
  leave(serverId: string, groupId: string): Promise<boolean>;
}

/** By id, or by a name that only one has; null when nobody or more than one is meant. */
export function pickGroup(groups: SecurityGroup[], word: string): SecurityGroup | null {
  const byId = groups.find(({ id }) => id === word);
  if (byId) return byId;
  const named = groups.filter(({ name }) => name === word);
  return named.length === 1 ? named[0]! : null;
}
