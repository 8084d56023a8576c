/**
 * The folder of image files. A file is written under a temporary name, made durable, and only then gets its name: the
 * SHA-256 of its bytes. So a file with such a name is whole and never changes.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { IngotError, invalid } from '../core/errors.ts';
import type { Imported, ImageFiles, ReadyFile, Received } from '../core/image-transfer.ts';
import { checkFormat } from './disk-format.ts';
import { measure, pack, repack } from './packing.ts';
import { convert, inspect } from './qemu-img.ts';
import { openTemporaries, type Temporaries } from './temporary.ts';

const isName = /^[0-9a-f]{64}$/;

/** @param mostRawBytes of one disk, unpacked */
export async function openImageFiles(
  folder: string,
  mostRawBytes: number,
  now: () => number = Date.now,
): Promise<ImageFiles & { close(): void }> {
  const incoming = join(folder, 'incoming');
  const staged = join(folder, 'staged');
  for (const path of [folder, incoming, staged]) await mkdir(path, { recursive: true, mode: 0o700 });
  const temporaries = await openTemporaries(incoming, now);
  const pathOf = (sha256: string) => join(folder, sha256);
  const stagedPath = (imageId: string) => join(staged, imageId);

  return {
    pathOf,
    close: () => temporaries.close(),

    async receive(bytes, { mostBytes, onProgress, signal }) {
      const path = temporaries.newPath();
      try {
        const file = await open(path, 'wx', 0o600);
        try {
          return {
            path,
            ...(await digest(bytes, mostBytes, signal, async (chunk, received) => {
              await file.writeFile(chunk);
              onProgress?.(received);
            })),
          };
        } finally {
          await file.close();
        }
      } catch (error) {
        await rm(path, { force: true });
        throw toFull(error);
      }
    },

    async prepare(received, diskFormat, signal) {
      try {
        return await prepare(temporaries, received, { diskFormat, mostRawBytes }, signal);
      } catch (error) {
        throw toFull(error);
      }
    },

    async stage({ path }, imageId) {
      await makeDurable(path);
      await rename(path, stagedPath(imageId));
      await makeDurable(staged);
    },

    async readStaged(imageId, signal) {
      const path = stagedPath(imageId);
      if (!(await exists(path))) return null;
      return { path, ...(await digest(createReadStream(path), Infinity, signal, async () => undefined)) };
    },

    removeStaged: (imageId) => rm(stagedPath(imageId), { force: true }),

    async discard(paths) {
      for (const path of paths) await rm(path, { force: true });
    },

    async keep({ path, sha256 }) {
      await makeDurable(path);
      try {
        await link(path, pathOf(sha256));
      } catch (error) {
        const { code } = error as { code?: string };
        // The same bytes are there already.
        if (code === 'EEXIST') return;
        // No hard links on this file system.
        if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP') throw toFull(error);
        await rename(path, pathOf(sha256));
      }
      await makeDurable(folder);
    },

    remove: (sha256) => rm(pathOf(sha256), { force: true }),

    async listOlderThan(ageMs) {
      const names = (await readdir(folder)).filter((name) => isName.test(name));
      const ages = await Promise.all(names.map((name) => stat(join(folder, name)).catch(() => null)));
      return names.filter((_, at) => (ages[at]?.ctimeMs ?? Infinity) <= now() - ageMs);
    },
  };
}

async function digest(
  bytes: AsyncIterable<Uint8Array>,
  mostBytes: number,
  signal: AbortSignal | undefined,
  take: (chunk: Uint8Array, received: number) => Promise<void>,
): Promise<Omit<Received, 'path'>> {
  const [md5, sha256, sha512] = ['md5', 'sha256', 'sha512'].map((name) => createHash(name)) as [
    ReturnType<typeof createHash>,
    ReturnType<typeof createHash>,
    ReturnType<typeof createHash>,
  ];
  let sizeBytes = 0;
  for await (const chunk of bytes) {
    signal?.throwIfAborted();
    sizeBytes += chunk.length;
    if (sizeBytes > mostBytes) {
      throw new IngotError({
        kind: 'too-large',
        message: `The image is larger than the ${mostBytes} bytes that it may have here.`,
      });
    }
    for (const hash of [md5, sha256, sha512]) hash.update(chunk);
    await take(chunk, sizeBytes);
  }
  return { sizeBytes, md5: md5.digest('hex'), sha256: sha256.digest('hex'), sha512: sha512.digest('hex') };
}

async function prepare(
  temporaries: Temporaries,
  received: Received,
  { diskFormat, mostRawBytes }: { diskFormat: string; mostRawBytes: number },
  signal?: AbortSignal,
): Promise<Imported> {
  const { path, ...facts } = received;
  const format = await checkFormat(path, diskFormat);
  const checkSize = (size: number) => {
    if (size <= mostRawBytes) return;
    throw invalid(`The disk inside has ${size} bytes; the largest allowed has ${mostRawBytes}.`);
  };
  const { sha256, sizeBytes } = facts;
  if (format === 'zstd') {
    const rawSizeBytes = await measure(path, format, mostRawBytes, signal);
    const asItCame = { path, sha256, sizeBytes, form: format, rawSizeBytes };
    return { ...facts, disk: asItCame, source: asItCame };
  }
  if (format === 'gzip') {
    const disk = await toFile(temporaries, (to) => repack(path, to, mostRawBytes, signal));
    const { rawSizeBytes } = disk;
    const source = { path, sha256, sizeBytes, form: format, rawSizeBytes };
    return { ...facts, disk: { ...disk, form: 'zstd' }, source };
  }
  if (format === 'raw') {
    checkSize(sizeBytes);
    return { ...facts, disk: await toPacked(temporaries, path, sizeBytes, signal), source: null };
  }
  const size = await inspect(path, format, signal);
  checkSize(size);
  const raw = temporaries.newPath();
  try {
    await convert({ path, format, size }, raw, signal);
    const { size: rawSizeBytes } = await stat(raw);
    const source: ReadyFile = { path, sha256, sizeBytes, form: 'raw', rawSizeBytes: sizeBytes };
    return { ...facts, disk: await toPacked(temporaries, raw, rawSizeBytes, signal), source };
  } finally {
    await rm(raw, { force: true });
  }
}

async function toPacked(
  temporaries: Temporaries,
  from: string,
  rawSizeBytes: number,
  signal?: AbortSignal,
): Promise<ReadyFile> {
  return { ...(await toFile(temporaries, (to) => pack(from, to, signal))), form: 'zstd', rawSizeBytes };
}

/** A file that is there when it was made, and else is not. */
async function toFile<T>(
  temporaries: Temporaries,
  make: (path: string) => Promise<T>,
): Promise<T & { path: string }> {
  const path = temporaries.newPath();
  try {
    return { ...(await make(path)), path };
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

/** Of a file its bytes, of a folder its names. */
async function makeDurable(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function toFull(error: unknown): unknown {
  const { code } = error as { code?: string };
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new IngotError(
    { kind: 'too-large', message: 'The disk with the images is full.' },
    { cause: error },
  );
}
