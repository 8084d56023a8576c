/** Networks as tenants list and change them, and the NICs that tie servers to them. Single ones are in `catalog.ts`. */
import type { AlterationRequest } from './alteration.ts';
import type { Network, Subnet } from './catalog.ts';
import type { FieldFilter, Page } from './page.ts';
import type { Port, RequestedNic } from './server.ts';

export interface Nics {
  /** All or none. Throws state-refuses, conflict for an address or port in use, not-found for the server. */
  attach(request: AlterationRequest, nics: RequestedNic[]): Promise<{ jobId: string; portIds: string[] }>;
  /**
   * All or none. A port that was there before its server, or that is to be kept, is free again; others go. The first
   * NIC of a server stays (BMS.0222).
   */
  detach(request: AlterationRequest, portIds: string[], keepPorts: boolean): Promise<{ jobId: string }>;
  change(
    portId: string,
    projectId: string,
    change: Partial<Pick<Port, 'name' | 'deleteOnTermination' | 'addressPairs'>>,
  ): Promise<Port | null>;
}

/** `projectId` is empty where a network is open to all; `cidr` is that of its first subnet. */
export type NetworkField = 'id' | 'name' | 'description' | 'projectId' | 'vpcId' | 'cidr' | 'isShared';
export type SubnetField =
  'id' | 'name' | 'networkId' | 'projectId' | 'vpcId' | 'cidr' | 'gatewayIp' | 'ipVersion';

/** What a subnet shows of its network. */
export type NetworkOfSubnet = Pick<Network, 'id' | 'projectId' | 'createdAt'>;

/** `projectId`: whose it is; nobody changes what is another's or open to all. */
export interface Networks {
  /** What a project sees, its own and what is open to all, by name. Throws invalid for a marker that it does not see. */
  listNetworks(projectId: string, filter: FieldFilter<NetworkField>, page: Page): Promise<Network[]>;
  /** In the order of their networks, then as they were made. */
  listSubnets(
    projectId: string,
    filter: FieldFilter<SubnetField>,
    page: Page,
  ): Promise<{ network: NetworkOfSubnet; subnet: Subnet }[]>;
  /** The first network of each VPC, by the VPC's id, which is the marker. */
  listVpcs(projectId: string, filter: FieldFilter<NetworkField>, page: Page): Promise<Network[]>;
  createNetwork(network: { projectId: string; name: string; description: string }): Promise<{ id: string }>;
  /** False when there is none of the project's, as with all changes. */
  changeNetwork(
    id: string,
    projectId: string,
    change: { name?: string; description?: string },
  ): Promise<boolean>;
  changeSubnet(id: string, projectId: string, change: { name?: string; dns?: string[] }): Promise<boolean>;
  changePort(
    id: string,
    projectId: string,
    change: { name?: string; addressPairs?: string[] },
  ): Promise<boolean>;
  /** False when there is none of the project's; throws conflict while ports are in it. */
  removeNetwork(id: string, projectId: string): Promise<boolean>;
  /** Throws not-found, and conflict when it overlaps another subnet of the network. */
  createSubnet(subnet: Omit<Subnet, 'id'>, projectId: string): Promise<{ id: string }>;
  removeSubnet(id: string, projectId: string): Promise<boolean>;
  /** Without address: the next free one. Throws conflict when it is in use. */
  createPort(port: {
    projectId: string;
    networkId: string;
    ip: string | null;
    name: string;
  }): Promise<{ id: string }>;
  /** Throws conflict while a server has it. */
  removePort(id: string, projectId: string): Promise<boolean>;
  /** What the project has of its own; shared networks are nobody's. */
  usage(projectId: string): Promise<NetworkUsage>;
}

export interface NetworkUsage {
  networks: number;
  subnets: number;
  ports: number;
  securityGroups: number;
  securityGroupRules: number;
}
