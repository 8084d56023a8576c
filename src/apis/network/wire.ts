/** The words of Neutron v2.0. */
import { Type } from 'typebox';
import type { Network, PortField, Subnet } from '../../core/catalog.ts';
import type { NetworkField, NetworkOfSubnet, SubnetField } from '../../core/network.ts';
import type { FieldFilter } from '../../core/page.ts';
import type { Port } from '../../core/server.ts';
import type { Selection } from './selection.ts';

const Name = Type.Optional(Type.String({ maxLength: 255 }));

export const NetworkBody = Type.Object({ network: Type.Object({ name: Name, description: Name }) });
export const SubnetBody = Type.Object({
  subnet: Type.Object({
    network_id: Type.String(),
    cidr: Type.String(),
    name: Name,
    ip_version: Type.Optional(Type.Literal(4)),
    gateway_ip: Type.Optional(Type.String()),
    dns_nameservers: Type.Optional(Type.Array(Type.String({ format: 'ipv4' }), { maxItems: 5 })),
  }),
});
export const PortBody = Type.Object({
  port: Type.Object({
    network_id: Type.String(),
    name: Name,
    fixed_ips: Type.Optional(
      Type.Array(
        Type.Object({
          subnet_id: Type.Optional(Type.String()),
          ip_address: Type.Optional(Type.String()),
        }),
        { maxItems: 1 },
      ),
    ),
  }),
});

/** Nothing can be taken out of service here. */
const AlwaysOn = Type.Optional(Type.Literal(true));

export const NetworkChangeBody = Type.Object({
  network: Type.Object({ name: Name, description: Name, admin_state_up: AlwaysOn }),
});
export const SubnetChangeBody = Type.Object({
  subnet: Type.Object({
    name: Name,
    gateway_ip: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    enable_dhcp: AlwaysOn,
    dns_nameservers: Type.Optional(Type.Array(Type.String({ format: 'ipv4' }), { maxItems: 5 })),
  }),
});
export const PortChangeBody = Type.Object({
  port: Type.Object({
    name: Name,
    admin_state_up: AlwaysOn,
    security_groups: Type.Optional(Type.Array(Type.String())),
    fixed_ips: Type.Optional(Type.Array(Type.Object({ ip_address: Type.Optional(Type.String()) }))),
    allowed_address_pairs: Type.Optional(
      Type.Array(Type.Object({ ip_address: Type.String({ maxLength: 64 }) }), { maxItems: 40 }),
    ),
  }),
});

export function toNetwork(network: Network) {
  return {
    id: network.id,
    name: network.name,
    description: network.description,
    status: 'ACTIVE',
    admin_state_up: true,
    shared: network.projectId === null,
    'router:external': false,
    ...toOwner(network.projectId),
    subnets: network.subnets.map(({ id }) => id),
    mtu: 1500,
    availability_zones: [],
    availability_zone_hints: [],
    tags: [],
    created_at: toSeconds(network.createdAt),
    updated_at: toSeconds(network.createdAt),
  };
}

export function toSubnet(network: NetworkOfSubnet, subnet: Subnet) {
  return {
    id: subnet.id,
    name: subnet.name,
    description: '',
    network_id: network.id,
    ...toOwner(network.projectId),
    ip_version: subnet.cidr.includes(':') ? 6 : 4,
    cidr: subnet.cidr,
    gateway_ip: subnet.gatewayIp,
    enable_dhcp: true,
    dns_nameservers: subnet.dns,
    allocation_pools: [],
    host_routes: [],
    ipv6_address_mode: null,
    ipv6_ra_mode: null,
    subnetpool_id: null,
    tags: [],
    created_at: toSeconds(network.createdAt),
    updated_at: toSeconds(network.createdAt),
  };
}

export function toPort(port: Port) {
  return {
    id: port.id,
    name: port.name,
    description: '',
    network_id: port.networkId,
    ...toOwner(port.projectId),
    mac_address: port.mac,
    fixed_ips: [{ subnet_id: port.subnetId, ip_address: port.ip }],
    device_id: port.serverId ?? '',
    device_owner: port.serverId === null ? '' : 'compute:nova',
    status: port.serverId === null ? 'DOWN' : 'ACTIVE',
    admin_state_up: true,
    // Those of the server, for a group holds on all its NICs.
    security_groups: port.securityGroups,
    allowed_address_pairs: port.addressPairs.map((ip_address) => ({ ip_address })),
    extra_dhcp_opts: [],
    'binding:vnic_type': 'baremetal',
    tags: [],
  };
}

const owner = { project_id: 'projectId', tenant_id: 'projectId' } as const;
const named = { id: 'id', name: 'name' } as const;

/** What lists can be narrowed by, in our words. */
export const networkSelection: Selection<NetworkField> = {
  name: 'networks',
  fields: { ...named, ...owner, description: 'description', shared: 'isShared' },
  fixed: { status: 'ACTIVE', admin_state_up: 'true', 'router:external': 'false', mtu: '1500' },
};

export const subnetSelection: Selection<SubnetField> = {
  name: 'subnets',
  fields: {
    ...named,
    ...owner,
    network_id: 'networkId',
    cidr: 'cidr',
    gateway_ip: 'gatewayIp',
    ip_version: 'ipVersion',
  },
  fixed: { description: '', enable_dhcp: 'true' },
};

export const portSelection: Selection<PortField> = {
  name: 'ports',
  fields: { ...named, ...owner, network_id: 'networkId', device_id: 'serverId', mac_address: 'mac' },
  fixed: { description: '', admin_state_up: 'true', 'binding:vnic_type': 'baremetal' },
  more(values) {
    const [status, deviceOwner, addresses] = ['status', 'device_owner', 'fixed_ips'].map(values);
    const filter: FieldFilter<PortField> = {};
    // Two words for one thing: both must be true of it.
    if (status ?? deviceOwner) {
      filter.isAttached = ['true', 'false'].filter(
        (it) =>
          (status?.includes(it === 'true' ? 'ACTIVE' : 'DOWN') ?? true) &&
          (deviceOwner?.includes(it === 'true' ? 'compute:nova' : '') ?? true),
      );
    }
    return addresses ? { ...filter, ...toAddresses(addresses) } : filter;
  },
};

/** `fixed_ips=ip_address=10.20.0.14` or `fixed_ips=subnet_id=…`; a port has one address. */
function toAddresses(conditions: string[]): FieldFilter<PortField> {
  const filter: FieldFilter<PortField> = {};
  for (const condition of conditions) {
    const [, key = '', value = ''] = /^([^=]*)=?(.*)$/.exec(condition) ?? [];
    const field = { ip_address: 'ip', subnet_id: 'subnetId' }[key] as 'ip' | 'subnetId' | undefined;
    // Nothing has another key.
    if (!field) filter.id = [];
    else filter[field] = filter[field]?.filter((one) => one === value) ?? [value];
  }
  return filter;
}

function toOwner(projectId: string | null) {
  return { project_id: projectId ?? '', tenant_id: projectId ?? '' };
}

function toSeconds(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}

/** Only what the answers above really have. */
export const extensions = [
  {
    alias: 'net-mtu',
    name: 'Network MTU',
    description: 'Provides MTU attribute for a network resource.',
    updated: '2015-03-25T10:00:00-00:00',
    links: [],
  },
  {
    alias: 'binding',
    name: 'Port Binding',
    description: 'Expose port bindings of a virtual port to external application',
    updated: '2014-02-03T10:00:00-00:00',
    links: [],
  },
  {
    alias: 'security-group',
    name: 'security-group',
    description: 'The security groups extension.',
    updated: '2012-10-05T10:00:00-00:00',
    links: [],
  },
  {
    alias: 'project-id',
    name: 'project_id field enabled',
    description: 'Extension that indicates that project_id field is enabled.',
    updated: '2016-09-09T09:09:09-09:09',
    links: [],
  },
];
