/** The words of Neutron's security groups. */
import { Type } from 'typebox';
import type {
  RuleField,
  SecurityGroup,
  SecurityGroupField,
  SecurityGroupRule,
} from '../../core/security-group.ts';
import type { Selection } from './selection.ts';

const Name = Type.Optional(Type.String({ maxLength: 255 }));
const Maybe = <T extends Parameters<typeof Type.Union>[0][number]>(type: T) =>
  Type.Optional(Type.Union([type, Type.Null()]));

export const SecurityGroupBody = Type.Object({
  security_group: Type.Object({ name: Name, description: Name }),
});
export const SecurityGroupChangeBody = SecurityGroupBody;

const PortNumber = Type.Integer({ minimum: 0, maximum: 65_535 });

export const RuleBody = Type.Object({
  security_group_rule: Type.Object({
    security_group_id: Type.String(),
    direction: Type.Union([Type.Literal('ingress'), Type.Literal('egress')]),
    ethertype: Type.Optional(Type.Union([Type.Literal('IPv4'), Type.Literal('IPv6')])),
    protocol: Maybe(Type.Union([Type.String(), Type.Integer()])),
    port_range_min: Maybe(PortNumber),
    port_range_max: Maybe(PortNumber),
    remote_ip_prefix: Maybe(Type.String()),
    remote_group_id: Maybe(Type.String()),
    description: Name,
  }),
});

/** What lists can be narrowed by, in our words; whose they are is the caller's project anyhow. */
export const groupSelection: Selection<SecurityGroupField> = {
  name: 'security_groups',
  fields: { id: 'id', name: 'name', description: 'description' },
  fixed: { stateful: 'true', shared: 'false', revision_number: '1' },
};

export const ruleSelection: Selection<RuleField> = {
  name: 'security_group_rules',
  fields: {
    id: 'id',
    security_group_id: 'groupId',
    direction: 'direction',
    ethertype: 'etherType',
    protocol: 'protocol',
    port_range_min: 'portMin',
    port_range_max: 'portMax',
    remote_ip_prefix: 'remoteCidr',
    remote_group_id: 'remoteGroupId',
    description: 'description',
  },
  fixed: { revision_number: '0' },
};

export function toSecurityGroup(group: SecurityGroup) {
  return {
    id: group.id,
    name: group.name,
    description: group.description,
    project_id: group.projectId,
    tenant_id: group.projectId,
    security_group_rules: group.rules.map((rule) => toRule(rule, group.projectId)),
    stateful: true,
    shared: false,
    tags: [],
    revision_number: 1,
    created_at: toSeconds(group.createdAt),
    updated_at: toSeconds(group.updatedAt),
  };
}

export function toRule(rule: SecurityGroupRule, projectId: string) {
  return {
    id: rule.id,
    security_group_id: rule.groupId,
    project_id: projectId,
    tenant_id: projectId,
    direction: rule.direction,
    ethertype: rule.etherType,
    protocol: rule.protocol,
    port_range_min: rule.portMin,
    port_range_max: rule.portMax,
    remote_ip_prefix: rule.remoteCidr,
    remote_group_id: rule.remoteGroupId,
    remote_address_group_id: null,
    description: rule.description,
    tags: [],
    revision_number: 0,
    created_at: toSeconds(rule.createdAt),
    updated_at: toSeconds(rule.createdAt),
  };
}

function toSeconds(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}
