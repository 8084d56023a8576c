/**
 * Packing and unpacking. Zstandard level 3: measured against gzip level 1 on a disk of 1.5 GB, 4 times as fast to pack,
 * twice as fast to unpack, and smaller (docs/decisions/0041).
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import type { Transform } from 'node:stream';
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

export async function pack(
  from: string,
  to: string,
  signal?: AbortSignal,
): Promise<{ sha256: string; sizeBytes: number }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  await pipeline(
    createReadStream(from, { highWaterMark: chunkBytes }),
    createZstdCompress({ chunkSize: chunkBytes, params }),
    async function* (packed: AsyncIterable<Buffer>) {
      for await (const chunk of packed) {
        hash.update(chunk);
        sizeBytes += chunk.length;
        yield chunk;
      }
    },
    createWriteStream(to, { flags: 'wx', mode: 0o600 }),
    ...(signal ? [{ signal }] : []),
  );
  return { sha256: hash.digest('hex'), sizeBytes };
}

function unpacker(form: 'gzip' | 'zstd'): Transform {
  return form === 'gzip'
    ? createGunzip({ chunkSize: chunkBytes })
    : createZstdDecompress({ chunkSize: chunkBytes });
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
  let size = 0;
  let head = Buffer.alloc(0);
  const count = async (bytes: AsyncIterable<Buffer>) => {
    for await (const chunk of bytes) {
      if (head.length < headBytes) head = Buffer.concat([head, chunk.subarray(0, headBytes)]);
      size += chunk.length;
      if (size > mostBytes) {
        throw invalid(`Unpacked, the image is larger than the ${mostBytes} bytes that one may have.`);
      }
    }
  };
  try {
    await pipeline(
      createReadStream(path, { highWaterMark: chunkBytes }),
      unpacker(form),
      count,
      ...(signal ? [{ signal }] : []),
    );
  } catch (error) {
    const { code } = error as { code?: string };
    if (
      code?.startsWith('Z_') ||
      code?.startsWith('ZSTD_') ||
      code?.startsWith('ERR_ZLIB') ||
      code === 'ERR_STREAM_PREMATURE_CLOSE'
    ) {
      throw invalid(`The image does not unpack: ${(error as Error).message}.`);
    }
    throw error;
  }
  const inside = detect(head);
  if (size === 0) throw invalid('The image is empty when unpacked.');
  if (inside !== 'raw') throw invalid(`The image is packed ${inside}, not a packed raw disk.`, 'disk_format');
  return size;
}
