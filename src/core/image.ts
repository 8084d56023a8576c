/** Images: what a server can be made from. Their bytes are in `image-content.ts`. */
import { IngotError } from './errors.ts';
import type { ImageContent } from './image-content.ts';

/**
 * `queued`: a record that waits for bytes. `saving`, `uploading` (staged, not yet imported), `importing`: bytes are on
 * their way. `killed`: they did not come in; `failure` says why. `deactivated`: kept, given to nobody.
 */
export type ImageStatus =
  'queued' | 'saving' | 'uploading' | 'importing' | 'active' | 'deactivated' | 'killed';

/** `community`: everybody may use it who knows its id. `shared`: members may. */
export const visibilities = ['public', 'community', 'shared', 'private'] as const;
export type ImageVisibility = (typeof visibilities)[number];

/** What can be registered; everything but `raw` is converted. `raw` may be packed with gzip or zstd. */
export const diskFormats = ['raw', 'qcow2', 'vmdk', 'vdi', 'vhd', 'vhdx'] as const;
export type DiskFormat = (typeof diskFormats)[number];

export interface Image {
  id: string;
  /** Its owner; null: the installation itself. */
  projectId: string | null;
  name: string;
  osType: string;
  osBits: number;
  status: ImageStatus;
  visibility: ImageVisibility;
  /** It cannot be deleted. */
  isProtected: boolean;
  /** Left out of lists unless asked for. */
  isHidden: boolean;
  tags: string[];
  /** As registered; null as long as nobody said. */
  diskFormat: string | null;
  containerFormat: string | null;
  minDiskGb: number;
  minRamMib: number;
  /** Bytes as they were registered; 0: none. */
  sizeBytes: number;
  /** Of these bytes, hex; null: none. */
  md5: string | null;
  sha512: string | null;
  /** What a machine is given; null: nothing, so that only simulated machines take it. */
  disk: Pick<ImageContent, 'sha256' | 'form' | 'sizeBytes' | 'rawSizeBytes'> | null;
  /** Why it was killed. */
  failure: string | null;
  properties: Record<string, string>;
  createdAt: Date;
  updatedAt: Date;
}

export type NewImage = Pick<
  Image,
  | 'id'
  | 'projectId'
  | 'name'
  | 'osType'
  | 'osBits'
  | 'status'
  | 'visibility'
  | 'isProtected'
  | 'isHidden'
  | 'tags'
  | 'diskFormat'
  | 'containerFormat'
  | 'minDiskGb'
  | 'minRamMib'
  | 'properties'
>;

/** What a caller may change of the record. */
export type ImageChange = Partial<Omit<NewImage, 'id'>>;

export const imageSortKeys = [
  'name',
  'status',
  'container_format',
  'disk_format',
  'size',
  'id',
  'created_at',
  'updated_at',
] as const;
export type ImageSortKey = (typeof imageSortKeys)[number];

/** Which images a list holds; every field narrows. */
export interface ImageFilter {
  /** Seen by this project: its own, public ones, and those shared with it; null: all (administrators). */
  projectId: string | null;
  /** Of images that are shared with the project; by default those that it accepted. */
  memberStatus?: 'accepted' | 'pending' | 'rejected' | 'all';
  isHidden?: boolean;
  ids?: string[];
  names?: string[];
  statuses?: string[];
  visibility?: string;
  owner?: string;
  isProtected?: boolean;
  diskFormats?: string[];
  containerFormats?: string[];
  tags?: string[];
  sizeMin?: number;
  sizeMax?: number;
  minDiskGb?: number;
  minRamMib?: number;
  md5?: string;
  sha512?: string;
  osType?: string;
  created?: TimeRange[];
  updated?: TimeRange[];
  properties?: Record<string, string>;
}

export interface TimeRange {
  comparison: 'gt' | 'gte' | 'lt' | 'lte' | 'eq' | 'neq';
  at: Date;
}

export interface ImagePage {
  limit: number;
  /** Keyset: the id of the last image of the page before. */
  marker?: string;
  /** The id comes last by itself. */
  sort: { key: ImageSortKey; descending: boolean }[];
}

export interface ImageMember {
  imageId: string;
  projectId: string;
  status: 'pending' | 'accepted' | 'rejected';
  createdAt: Date;
  updatedAt: Date;
}

export interface Images {
  /** `projectId` null: any (administrators). Community images and those offered to the project are found too. */
  find(id: string, projectId: string | null): Promise<Image | null>;
  list(filter: ImageFilter, page: ImagePage): Promise<Image[]>;
  /** Throws conflict when there is an image with this id. */
  create(image: NewImage): Promise<Image>;
  /** `decide` sees the image under lock and may throw; null when it is gone. */
  revise(id: string, decide: (image: Image) => ImageChange): Promise<Image | null>;
  /** Moves it from one status to another; false when it was in none of `from`. */
  move(id: string, from: ImageStatus[], to: ImageStatus): Promise<boolean>;
  /** `check` sees the image under lock and may throw; false when it was gone. */
  remove(id: string, check: (image: Image) => void): Promise<boolean>;

  /**
   * Makes an image of what was installed on the simulated machine of a server: the bytes of the server's image under a
   * record of its project. Otherwise it says what stands in the way.
   */
  capture(wish: {
    id: string;
    serverId: string;
    name: string;
    properties: Record<string, string>;
  }): Promise<'done' | 'real machine' | 'no image'>;

  listMembers(imageId: string): Promise<ImageMember[]>;
  /** Throws conflict when it is a member, not-found when there is no such project. */
  addMember(imageId: string, projectId: string): Promise<ImageMember>;
  setMemberStatus(
    imageId: string,
    projectId: string,
    status: ImageMember['status'],
  ): Promise<ImageMember | null>;
  removeMember(imageId: string, projectId: string): Promise<boolean>;
}

/** @throws invalid unless machines can be installed from it now */
export function checkUsable(image: Image): void {
  if (image.status === 'active') return;
  const why = image.failure ? ` (${image.failure})` : '';
  throw new IngotError({
    kind: 'invalid',
    field: 'imageRef',
    code: 'BMS.0011',
    message: `The selected images cannot be used to apply for BMSs, the image ${image.id} is ${image.status}${why}, not active.`,
  });
}
