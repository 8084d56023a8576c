/** What can be rented, and what it can be rented with: flavors, images, networks, keypairs. */
import type { Image, NewImage } from './image.ts';
import type { FieldFilter, Page } from './page.ts';
import type { Port } from './server.ts';

export interface Flavor {
  /** `physical.x.y`: clients recognise bare metal by the word. */
  id: string;
  name: string;
  vcpus: number;
  ramMib: number;
  diskGb: number;
  extraSpecs: Record<string, string>;
  enabled: boolean;
}

export interface Network {
  id: string;
  /** null: shared by all projects. */
  projectId: string | null;
  vpcId: string;
  name: string;
  description: string;
  subnets: Subnet[];
  createdAt: Date;
}

/** Which of the networks that a project sees are meant. What is no id names none. */
export interface NetworkChoice {
  /** Without it the first by name is meant. */
  ids?: readonly string[];
  /** One of this VPC as well, from which one learns that there is such a VPC. */
  vpcId?: string;
}

export interface Subnet {
  id: string;
  networkId: string;
  name: string;
  cidr: string;
  gatewayIp: string;
  dns: string[];
}

export interface Keypair {
  id: number;
  userId: string;
  name: string;
  type: string;
  publicKey: string;
  fingerprint: string;
  createdAt: Date;
}

/** `serverId` is empty where no server has the port. */
export type PortField =
  'id' | 'name' | 'networkId' | 'projectId' | 'serverId' | 'mac' | 'ip' | 'subnetId' | 'isAttached';

/** `projectId` null: everything (administrators). */
export interface Catalog {
  listFlavors(): Promise<Flavor[]>;
  findFlavor(id: string): Promise<Flavor | null>;
  putFlavor(flavor: Flavor): Promise<void>;
  /** @throws conflict where there is one of that id or name */
  addFlavor(flavor: Flavor): Promise<void>;
  /** Lays these over those that are there. false: there is no such flavor. */
  addExtraSpecs(id: string, specs: Record<string, string>): Promise<boolean>;
  /** @returns false: there is no such flavor, or it has none of that name. */
  removeExtraSpec(id: string, key: string): Promise<boolean>;
  /** @returns false: there is no such flavor. @throws conflict while a node or a server has it */
  removeFlavor(id: string): Promise<boolean>;
  /** Free machines by flavor and zone for a project: pool and its own. */
  listCapacity(projectId: string): Promise<{ flavorId: string; zone: string; free: number }[]>;
  listZones(): Promise<string[]>;

  /** Active ones, by name; a thousand unless asked for fewer. Throws invalid for a marker that the project does not see. */
  listImages(
    projectId: string | null,
    filter?: { id?: string; name?: string },
    page?: Partial<Page>,
  ): Promise<Image[]>;
  findImage(id: string, projectId: string | null): Promise<Image | null>;
  /** Unless there is one with this id. */
  putImage(image: NewImage): Promise<void>;

  /** Those that are meant, by name; lists and their pages are in `network.ts`. */
  listNetworks(projectId: string | null, choice: NetworkChoice): Promise<Network[]>;
  findNetwork(id: string, projectId: string | null): Promise<Network | null>;
  putNetwork(network: Network): Promise<void>;
  /** Those of servers in their order there, else by id. Throws invalid for a marker that the project does not see. */
  listPorts(projectId: string | null, filter: FieldFilter<PortField>, page: Page): Promise<Port[]>;

  /** By name; behind the one that `marker` names. */
  listKeypairs(userId: string, page?: Partial<Page>): Promise<Keypair[]>;
  findKeypair(userId: string, name: string): Promise<Keypair | null>;
  /** Throws conflict when the name is taken. */
  createKeypair(keypair: Omit<Keypair, 'id' | 'createdAt'>): Promise<Keypair>;
  removeKeypair(userId: string, name: string): Promise<boolean>;
}
