/** Security groups and their rules, of the caller's project. */
import { isIP } from 'node:net';
import type { Static } from 'typebox';
import { conflict, invalid, notAllowed, notFound } from '../../core/errors.ts';
import type { NewRule, SecurityGroup } from '../../core/security-group.ts';
import { callerOf, isId, ok, type Answer, type Call } from '../api.ts';
import type { Cloud } from './networks.ts';
import { select } from './selection.ts';
import {
  groupSelection,
  ruleSelection,
  toRule,
  toSecurityGroup,
  type RuleBody,
  type SecurityGroupBody,
  type SecurityGroupChangeBody,
} from './security-group-wire.ts';

function projectOf(call: Call): string {
  const { project } = callerOf(call);
  if (!project) throw notAllowed('This needs a token with a project.');
  return project.id;
}

async function getGroup({ securityGroups }: Cloud, projectId: string, id: string): Promise<SecurityGroup> {
  const [group] = isId(id) ? await securityGroups.list(projectId, { ids: [id] }) : [];
  if (!group) throw notFound('security group', id);
  return group;
}

/** A token without a project sees none. */
function ownOf(call: Call): string {
  return callerOf(call).project?.id ?? '';
}

export function listGroups({ securityGroups }: Cloud, call: Call): Promise<Answer> {
  const selection = { ...groupSelection, fixed: { ...groupSelection.fixed, ...ownerOf(call) } };
  return select(call, selection, async (filter, page) =>
    (await securityGroups.listPage(ownOf(call), filter, page)).map(toSecurityGroup),
  );
}

function ownerOf(call: Call) {
  return { project_id: ownOf(call), tenant_id: ownOf(call) };
}

export async function showGroup(cloud: Cloud, call: Call): Promise<Answer> {
  const group = await getGroup(cloud, projectOf(call), call.params['id']!);
  return ok({ security_group: toSecurityGroup(group) });
}

export async function createGroup({ securityGroups }: Cloud, call: Call): Promise<Answer> {
  const { security_group: wish } = call.body as Static<typeof SecurityGroupBody>;
  if (wish.name === 'default') throw conflict('Default security group already exists.', 'security group');
  const facts = { name: wish.name ?? '', description: wish.description ?? '' };
  return ok({ security_group: toSecurityGroup(await securityGroups.create(projectOf(call), facts)) }, 201);
}

export async function changeGroup(cloud: Cloud, call: Call): Promise<Answer> {
  const { security_group: wish } = call.body as Static<typeof SecurityGroupChangeBody>;
  const projectId = projectOf(call);
  const { id, isDefault } = await getGroup(cloud, projectId, call.params['id']!);
  if (isDefault && wish.name !== undefined && wish.name !== 'default') {
    throw conflict('Updating default security group not allowed.', 'security group', id);
  }
  if (!isDefault && wish.name === 'default')
    throw conflict('Default security group already exists.', 'security group');
  const group = await cloud.securityGroups.change(id, projectId, wish);
  if (!group) throw notFound('security group', id);
  return ok({ security_group: toSecurityGroup(group) });
}

export async function removeGroup({ securityGroups }: Cloud, call: Call): Promise<Answer> {
  const id = call.params['id']!;
  if (!isId(id) || !(await securityGroups.remove(id, projectOf(call)))) throw notFound('security group', id);
  return { statusCode: 204 };
}

export function listRules({ securityGroups }: Cloud, call: Call): Promise<Answer> {
  const selection = { ...ruleSelection, fixed: { ...ruleSelection.fixed, ...ownerOf(call) } };
  return select(call, selection, async (filter, page) =>
    (await securityGroups.listRules(ownOf(call), filter, page)).map((rule) => toRule(rule, ownOf(call))),
  );
}

export async function showRule({ securityGroups }: Cloud, call: Call): Promise<Answer> {
  const id = call.params['id']!;
  const [rule] = await securityGroups.listRules(ownOf(call), { id: [id] }, { limit: 1 });
  if (!rule) throw notFound('security group rule', id);
  return ok({ security_group_rule: toRule(rule, ownOf(call)) });
}

export async function createRule(cloud: Cloud, call: Call): Promise<Answer> {
  const { security_group_rule: wish } = call.body as Static<typeof RuleBody>;
  const projectId = projectOf(call);
  const rule = parseRule(wish);
  await getGroup(cloud, projectId, rule.groupId);
  if (rule.remoteGroupId !== null) await getGroup(cloud, projectId, rule.remoteGroupId);
  const made = await cloud.securityGroups.addRule(rule);
  return ok({ security_group_rule: toRule(made, projectId) }, 201);
}

export async function removeRule({ securityGroups }: Cloud, call: Call): Promise<Answer> {
  const id = call.params['id']!;
  if (!isId(id) || !(await securityGroups.removeRule(id, projectOf(call)))) {
    throw notFound('security group rule', id);
  }
  return { statusCode: 204 };
}

type Wish = Static<typeof RuleBody>['security_group_rule'];

function parseRule(wish: Wish): NewRule {
  const etherType = wish.ethertype ?? 'IPv4';
  const protocol = parseProtocol(wish.protocol ?? null);
  const [portMin, portMax] = [wish.port_range_min ?? null, wish.port_range_max ?? null];
  checkPorts(protocol, portMin, portMax);
  const remoteGroupId = wish.remote_group_id ?? null;
  const remoteCidr = wish.remote_ip_prefix ? parseCidr(wish.remote_ip_prefix, etherType) : null;
  if (remoteGroupId !== null && remoteCidr !== null) {
    throw invalid('Only remote_ip_prefix or remote_group_id may be provided.', 'remote_ip_prefix');
  }
  const { security_group_id: groupId, direction, description } = wish;
  const facts = { groupId, direction, etherType, protocol, portMin, portMax };
  return { ...facts, remoteCidr, remoteGroupId, description: description ?? '' };
}

const icmp = ['icmp', 'icmpv6', 'ipv6-icmp', '1', '58'];
const withPorts = ['tcp', 'udp', 'sctp', 'dccp', 'udplite', '6', '17', '33', '132', '136'];
const others = ['ah', 'egp', 'esp', 'gre', 'igmp', 'ipip', 'ospf', 'pgm', 'rsvp', 'vrrp'];

function parseProtocol(given: string | number | null): string | null {
  if (given === null || given === 'any' || given === '') return null;
  const word = String(given).toLowerCase();
  const isNumber = /^\d+$/.test(word) && Number(word) <= 255;
  if (isNumber || icmp.includes(word) || withPorts.includes(word) || others.includes(word)) return word;
  throw invalid(`Security group rule protocol ${given} not supported.`, 'protocol');
}

function checkPorts(protocol: string | null, min: number | null, max: number | null): void {
  if (min === null && max === null) return;
  if (protocol !== null && icmp.includes(protocol)) {
    if (min === null || Math.max(min, max ?? 0) > 255) {
      throw invalid(
        'ICMP type and code are numbers from 0 to 255, and a code needs a type.',
        'port_range_min',
      );
    }
    return;
  }
  if (protocol === null || !withPorts.includes(protocol)) {
    throw invalid('Ports need a protocol that has them (tcp, udp …).', 'protocol');
  }
  if (min === null || max === null || min < 1 || min > max) {
    throw invalid('For TCP/UDP protocols, port_range_min must be <= port_range_max', 'port_range_min');
  }
}

/** An address alone is a network of one. */
function parseCidr(text: string, etherType: string): string {
  const [address = '', prefix, ...more] = text.split('/');
  const version = isIP(address);
  const most = version === 6 ? 128 : 32;
  const bits = prefix === undefined ? most : Number(prefix);
  const isGood = more.length === 0 && (prefix === undefined || /^\d{1,3}$/.test(prefix)) && bits <= most;
  if (version === 0 || address.includes('%') || !isGood) {
    throw invalid(`'${text}' is not a valid CIDR.`, 'remote_ip_prefix');
  }
  if (`IPv${version}` !== etherType) {
    throw invalid(`Conflicting value ethertype ${etherType} for CIDR ${text}`, 'ethertype');
  }
  return `${address}/${bits}`;
}
