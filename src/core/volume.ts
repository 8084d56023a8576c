/**
 * Block volumes: records that can be tied to servers. Attaching changes what every door shows; it does not reach the
 * hardware, for there is no storage network behind it yet.
 */
import type { AlterationRequest } from './alteration.ts';

/** `volumetype` of the published APIs (otc0106040941, hw0606). */
export const volumeTypes = ['SAS', 'SSD', 'GPSSD', 'SATA'] as const;

/** Disks of a server at most, the system disk among them (otc0106040941). */
export const mostDisks = 40;

export interface Attachment {
  serverId: string;
  /** `/dev/sdb` */
  device: string;
  /** Whether the volume goes with the server. */
  deleteOnTermination: boolean;
  attachedAt: string;
}

export interface Volume {
  id: string;
  projectId: string;
  userId: string;
  name: string;
  description: string;
  sizeGb: number;
  type: string;
  zone: string;
  /** May be attached to several servers. */
  shareable: boolean;
  /** A system disk: made with its server and never attached to another. */
  bootable: boolean;
  metadata: Record<string, string>;
  attachments: Attachment[];
  createdAt: Date;
  updatedAt: Date;
}

export type NewVolume = Omit<Volume, 'attachments' | 'createdAt' | 'updatedAt'>;

/** A volume that is made with its server. */
export interface OwnVolume {
  id: string;
  name: string;
  sizeGb: number;
  type: string;
  shareable: boolean;
  bootable: boolean;
  device: string;
}

export type VolumeStatus = 'available' | 'in-use';

export function toVolumeStatus({ attachments }: Pick<Volume, 'attachments'>): VolumeStatus {
  return attachments.length > 0 ? 'in-use' : 'available';
}

/** `/dev/sda` is the system disk, whether it is a volume or a disk of the machine. */
export const systemDevice = '/dev/sda';

/** `/dev/sda`, `/dev/sdb`, … `/dev/sdz`, `/dev/sdaa` */
export function toDevice(index: number): string {
  const letter = String.fromCharCode(97 + (index % 26));
  return index < 26 ? `/dev/sd${letter}` : `/dev/sda${letter}`;
}

/** The first device behind the system disk that is free. */
export function nextDevice(taken: readonly string[]): string {
  let index = 1;
  while (taken.includes(toDevice(index))) index++;
  return toDevice(index);
}

/** `projectId` null: everything (administrators). */
export interface Volumes {
  find(id: string, projectId: string | null): Promise<Volume | null>;
  /** Newest first. Throws not-found for a marker that is not the project's. */
  list(
    filter: { projectId: string; name?: string; status?: VolumeStatus },
    page: { limit: number; marker?: string },
  ): Promise<Volume[]>;
  /** What a project has, in volumes and in GB. */
  usage(projectId: string): Promise<{ volumes: number; sizeGb: number }>;
  create(volume: NewVolume): Promise<Volume>;
  change(
    id: string,
    projectId: string,
    change: Partial<Pick<Volume, 'name' | 'description' | 'metadata'>>,
  ): Promise<Volume | null>;
  /** False when there is none; throws conflict while it is attached. */
  remove(id: string, projectId: string): Promise<boolean>;
  /**
   * By the rules of V22 (otc0107658564), with its codes.
   * @param device empty: the next free one
   */
  attach(
    request: AlterationRequest,
    volumeId: string,
    device: string,
  ): Promise<{ jobId: string; device: string }>;
  /** By the rules of V23 (otc0107658627), with its codes. */
  detach(request: AlterationRequest, volumeId: string): Promise<{ jobId: string }>;
}
