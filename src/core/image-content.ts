/**
 * The bytes of an image, as they go to the disk of a machine. An image that is only a record (those of the first start)
 * has none: simulated machines take it, real ones cannot.
 */

/**
 * How the raw disk is packed where it is kept and while it is streamed; the machine unpacks it. Gzip only as what was
 * registered, and as a disk that came in before gzip was packed anew.
 */
export type ContentForm = 'raw' | 'gzip' | 'zstd';

/** A raw disk, possibly packed. Whatever was registered (qcow2, gzip …) was converted when it came in. */
export interface ImageContent {
  imageId: string;
  /** Of the bytes as they are stored and streamed, 64 hex digits. */
  sha256: string;
  /** Bytes as stored and streamed. */
  sizeBytes: number;
  /** Bytes when unpacked: what the disk must hold. */
  rawSizeBytes: number;
  form: ContentForm;
  /** The file; read only, and the same bytes as long as it is there. An open file stays readable when it is removed. */
  path: string;
}

export interface RegisteredContent {
  path: string;
  /** How the file is packed; what was registered packed counts as `raw` here, for it is given back as it came. */
  form: ContentForm;
  /** Bytes when unpacked. */
  sizeBytes: number;
}

export interface ImageContents {
  /** Null: there is no such image, it is not active yet, it has no bytes, or they are not on this machine. */
  find(imageId: string): Promise<ImageContent | null>;
}

export interface RegisteredContents {
  /** The bytes as they were registered: those of the file when it is unpacked. Of inactive images too. */
  findRegistered(imageId: string): Promise<RegisteredContent | null>;
}
