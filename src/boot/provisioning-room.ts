/** What the handlers of the provisioning network work with. */
import type { BootSession, BootSessions } from '../core/boot-session.ts';
import type { Discoveries } from '../core/discovery.ts';
import type { ImageContents } from '../core/image-content.ts';
import type { Node } from '../core/node.ts';
import type { Nodes } from '../core/records.ts';
import type { MachineFinder } from './machine-finder.ts';
import type { MetadataRoom } from './metadata/metadata-door.ts';

/** Kernel and initrd of the deploy ramdisk, as files. */
export interface Ramdisk {
  vmlinuz: string;
  initrd: string;
}

export interface ProvisioningRoom {
  /** How machines reach us: `http://10.77.0.1:8775`. */
  origin: string;
  sessions: BootSessions;
  nodes: Pick<Nodes, 'find' | 'change'>;
  images: ImageContents;
  machines: MachineFinder;
  /** Null: machines that are no nodes are sent on to their disks. */
  discoveries: Discoveries | null;
  /** Built when it is first asked for. */
  ramdisk: () => Promise<Ramdisk>;
  /** The data of cloud-init for the system that a session installs, as an ISO 9660 file system. */
  configDrive: (session: BootSession, node: Node) => Promise<Buffer>;
  /** The file of a disc for virtual media, by its name. */
  findMedia: (name: string) => string | null;
  metadata: MetadataRoom;
  /** A session moved on: whoever waits for it may look. */
  onNews: (session: BootSession) => void;
  log: (error: unknown, message: string) => void;
}
