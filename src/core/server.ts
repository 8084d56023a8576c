/** What somebody rents: the record that every API shows in its own words. */
import type { ErrorFacts } from './errors.ts';
import type { Door, Standing } from './lifecycle.ts';
import type { Outcome } from './node.ts';
import type { OwnVolume } from './volume.ts';

export type Provisioning = 'install' | 'reinstall' | 'switch-install' | 'modify-ip' | 'uninstall';

/** Why a server is Faulty, or why its last provisioning failed. */
export interface Fault {
  message: string;
  details: string;
  kind: ErrorFacts['kind'];
  /** The operation that failed; null when the hardware failed by itself. */
  operation: string | null;
  at: string;
}

/** A NIC as asked for at creation. */
export interface RequestedNic {
  networkId: string;
  ip: string | null;
  portId: string | null;
}

export interface Port {
  id: string;
  networkId: string;
  networkName: string;
  vpcId: string;
  subnetId: string;
  projectId: string;
  serverId: string | null;
  mac: string;
  ip: string;
  name: string;
  deleteOnTermination: boolean;
  /** Virtual addresses that it may use besides its own. */
  addressPairs: string[];
  /** Ids of the security groups of its server; without one: of the default group. */
  securityGroups: string[];
}

export interface Server extends Standing {
  id: string;
  /** Counts all servers of the installation; shown in `instance_name`. */
  number: number;
  projectId: string;
  userId: string;
  door: Door;
  name: string;
  description: string;
  nodeId: string | null;
  nodeName: string | null;
  flavorId: string;
  flavor: FlavorFacts;
  imageId: string;
  imageName: string | null;
  imageOsType: string;
  imageOsBits: number;
  zone: string;
  vpcId: string | null;
  keyName: string | null;
  userData: string | null;
  metadata: Record<string, string>;
  tags: string[];
  schedulerHints: Record<string, unknown>;
  enterpriseProjectId: string;
  reservationId: string;
  launchIndex: number;
  locked: boolean;
  provisioning: Provisioning | null;
  provisioningOutcome: Outcome | null;
  fault: Fault | null;
  metadataOptions: MetadataOptions;
  /** The administrator's password under the public key of the keypair, base64; empty when there is none. */
  encryptedPassword: string;
  volumes: AttachedVolume[];
  ports: Port[];
  /** By name. */
  securityGroups: { id: string; name: string }[];
  serverGroupId: string | null;
  createdAt: Date;
  updatedAt: Date;
  launchedAt: Date | null;
  terminatedAt: Date | null;
}

/** In the order of the devices. */
export interface AttachedVolume {
  id: string;
  device: string;
  deleteOnTermination: boolean;
}

/** How the system on the machine may ask for its metadata. */
export interface MetadataOptions {
  httpEndpoint: 'enabled' | 'disabled';
  httpTokens: 'optional' | 'required';
}

/** What may be changed of a server beside its state. */
export type ServerFacts = Pick<
  Server,
  | 'name'
  | 'description'
  | 'metadata'
  | 'tags'
  | 'keyName'
  | 'locked'
  | 'metadataOptions'
  | 'encryptedPassword'
  | 'userData'
> & {
  /** Of the next installation. */
  adminPasswordHash: string;
  /** That of `keyName`. */
  publicKey: string | null;
};

export interface FlavorFacts {
  name: string;
  vcpus: number;
  ramMib: number;
  diskGb: number;
  extraSpecs: Record<string, string>;
}

/** A server to be made; the rest of its record follows from it. */
export interface NewServer {
  id: string;
  projectId: string;
  userId: string;
  door: Door;
  name: string;
  description: string;
  flavorId: string;
  imageId: string;
  zone: string;
  vpcId: string | null;
  nics: RequestedNic[];
  keyName: string | null;
  publicKey: string | null;
  userData: string | null;
  adminPasswordHash: string | null;
  metadata: Record<string, string>;
  tags: string[];
  schedulerHints: Record<string, unknown>;
  enterpriseProjectId: string;
  reservationId: string;
  launchIndex: number;
  /** This node and no other. */
  nodeId?: string;
  /** Made and attached with it; the system disk goes with the server, others stay. */
  volumes?: OwnVolume[];
  /** Ids; without any: the default group of the project. */
  securityGroups?: string[];
  serverGroupId?: string;
}

/** Which servers a list holds; every field narrows. `projectId` null: all projects (administrators). */
export interface ServerFilter {
  projectId: string | null;
  ids?: string[];
  nodeIds?: string[];
  /** Substring of the name, case-sensitive; or, with `nameIsPattern`, a POSIX regular expression (Nova). */
  name?: string;
  nameIsPattern?: boolean;
  states?: {
    state: Standing['state'];
    taskState?: Standing['taskState'];
    deletingFrom?: Standing['state'][];
  }[];
  flavorId?: string;
  imageId?: string;
  tags?: string[];
  reservationId?: string;
  changesSince?: Date;
  ip?: string;
  /** Deleted servers are left out unless asked for. */
  withDeleted?: boolean;
}

export interface ServerPage {
  limit: number;
  /** Keyset: the id of the last server of the page before. */
  marker?: string;
  /** Page numbers (BMS v1): so many servers are passed over. */
  offset?: number;
  sort?: { key: 'created' | 'updated' | 'name' | 'id' | 'state' | 'zone'; descending: boolean }[];
}

export interface AddressChange {
  /** With a port id: a port that the server has already and keeps. */
  nics: RequestedNic[];
  vpcId: string | null;
  states: Standing['state'][];
  actor: { userId: string; requestId: string };
}

export interface Usage {
  servers: number;
  vcpus: number;
  ramMib: number;
  securityGroups: number;
  serverGroups: number;
}

export interface Servers {
  find(id: string, projectId: string | null): Promise<Server | null>;
  list(filter: ServerFilter, page: ServerPage): Promise<Server[]>;
  count(filter: ServerFilter): Promise<number>;
  /** Facts that do not depend on state; null when the server is gone. */
  change(id: string, projectId: string, change: Partial<ServerFacts>): Promise<Server | null>;
  /** The same for a change that depends on the record: `decide` sees it under lock, so that no other change is lost. */
  revise(
    id: string,
    projectId: string,
    decide: (server: Server) => Partial<ServerFacts>,
  ): Promise<Server | null>;
  /**
   * The password of the next install (its hash), for all of these servers or for none: false when one is gone or not
   * in one of the states.
   */
  changePasswords(
    ids: string[],
    projectId: string,
    adminPasswordHash: string,
    states: Standing['state'][],
  ): Promise<boolean>;
  /**
   * Gives back the addresses of a server and hands out others, in one transaction; a NIC keeps its MAC. False when the
   * server is gone, not in one of the states, or something is under way on it; throws conflict for an address in use.
   */
  changeAddresses(id: string, projectId: string, change: AddressChange): Promise<boolean>;
  /** Sums over the live servers of a project and what it has besides, for quotas. */
  usage(projectId: string): Promise<Usage>;
}
