/**
 * Packing and unpacking. Zstandard level 3: measured against gzip level 1 on a disk of 1.5 GB, 4 times as fast to pack,
 * twice as fast to unpack, and smaller (docs/decisions/0041).
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { invalid } from '../core/errors.ts';
import { detect, headBytes } from './disk-format.ts';

const chunkBytes = 2 ** 20;

/** A window of at most 8 MiB, so that an installing system needs little memory to unpack. */
const params = {
  [constants.ZSTD_c_compressionLevel]: 3,
  [constants.ZSTD_c_windowLog]: 23,
  [constants.ZSTD_c_checksumFlag]: 1,
};

interface Packed {
  sha256: string;
  sizeBytes: number;
}

export async function pack(from: string, to: string, signal?: AbortSignal): Promise<Packed> {
  const hash = new Hashed();
  await pipeline(read(from), compressor(), hash.pass, write(to), { signal });
  return hash.end();
}

/**
 * Packs with Zstandard what is packed with gzip, without the raw disk in between.
 *
 * @throws as `measure`
 */
export async function repack(
  from: string,
  to: string,
  mostBytes: number,
  signal?: AbortSignal,
): Promise<Packed & { rawSizeBytes: number }> {
  const disk = new Disk(mostBytes);
  const hash = new Hashed();
  await pipeline(read(from), unpacker('gzip'), disk.pass, compressor(), hash.pass, write(to), {
    signal,
  }).catch(refuseBroken);
  return { ...hash.end(), rawSizeBytes: disk.end() };
}

/**
 * Unpacks a file to nowhere.
 *
 * @returns how many bytes are inside
 * @throws invalid when it does not unpack to a raw disk of at most so many bytes
 */
export async function measure(
  path: string,
  form: 'gzip' | 'zstd',
  mostBytes: number,
  signal?: AbortSignal,
): Promise<number> {
  const disk = new Disk(mostBytes);
  await pipeline(read(path), unpacker(form), disk.pass, nowhere, { signal }).catch(refuseBroken);
  return disk.end();
}

const read = (path: string) => createReadStream(path, { highWaterMark: chunkBytes });
const write = (path: string) => createWriteStream(path, { flags: 'wx', mode: 0o600 });
const compressor = () => createZstdCompress({ chunkSize: chunkBytes, params });
const unpacker = (form: 'gzip' | 'zstd') =>
  form === 'gzip' ? createGunzip({ chunkSize: chunkBytes }) : createZstdDecompress({ chunkSize: chunkBytes });

async function nowhere(bytes: AsyncIterable<Buffer>): Promise<void> {
  for await (const _ of bytes);
}

class Hashed {
  readonly #hash = createHash('sha256');
  #sizeBytes = 0;

  readonly pass = async function* (this: Hashed, bytes: AsyncIterable<Buffer>) {
    for await (const chunk of bytes) {
      this.#hash.update(chunk);
      this.#sizeBytes += chunk.length;
      yield chunk;
    }
  }.bind(this);

  end(): Packed {
    return { sha256: this.#hash.digest('hex'), sizeBytes: this.#sizeBytes };
  }
}

/** Looks at what comes out of a packed file. */
class Disk {
  readonly #mostBytes: number;
  #head = Buffer.alloc(0);
  #sizeBytes = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  readonly pass = async function* (this: Disk, bytes: AsyncIterable<Buffer>) {
    for await (const chunk of bytes) {
      if (this.#head.length < headBytes) {
        this.#head = Buffer.concat([this.#head, chunk.subarray(0, headBytes)]);
      }
      this.#sizeBytes += chunk.length;
      if (this.#sizeBytes > this.#mostBytes) {
        throw invalid(`Unpacked, the image is larger than the ${this.#mostBytes} bytes that one may have.`);
      }
      yield chunk;
    }
  }.bind(this);

  /** @returns its bytes */
  end(): number {
    const inside = detect(this.#head);
    if (this.#sizeBytes === 0) throw invalid('The image is empty when unpacked.');
    if (inside !== 'raw') {
      throw invalid(`The image is packed ${inside}, not a packed raw disk.`, 'disk_format');
    }
    return this.#sizeBytes;
  }
}

/** What zlib says of bytes that it cannot unpack is the tenant's affair. */
function refuseBroken(error: unknown): never {
  const { code } = error as { code?: string };
  if (code && /^(Z_|ZSTD_|ERR_ZLIB|ERR_STREAM_PREMATURE_CLOSE$)/.test(code)) {
    throw invalid(`The image does not unpack: ${(error as Error).message}.`);
  }
  throw error;
}
