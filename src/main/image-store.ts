/** The bytes of images: where they lie, and how they get there. */
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { createIntake } from '../engine/image-intake.ts';
import { createDownload } from '../images/download.ts';
import { openImageFiles } from '../images/image-files.ts';
import { isPublic } from '../images/targets.ts';
import { imageContents } from '../store/image-contents.ts';
import { imageTransfers } from '../store/image-transfers.ts';
import type { Sql } from '../store/database.ts';
import type { Closers } from './closers.ts';
import { makeOwnFolder } from './data-folder.ts';

const gib = 2 ** 30;

export async function openImageStore(
  config: Config,
  folder: string,
  sql: Sql,
  { closers, log }: { closers: Closers; log: (error: unknown, message: string) => void },
) {
  const mostBytes = config.imageLargestGb * gib;
  const own = makeOwnFolder(
    'image folder',
    config.imageFolder ?? join(folder, 'images'),
    'INGOT_IMAGE_FOLDER',
  );
  const files = await openImageFiles(own, mostBytes);
  closers.add(async () => files.close());
  const origin = createDownload({ isAllowed: config.imageAllowPrivate === 'yes' ? () => true : isPublic });
  closers.add(() => origin.close());
  const transfers = imageTransfers(sql, files);
  const limits = { mostBytes, mostStoredBytes: config.imageCacheGb * gib };
  return {
    contents: imageContents(sql, files.pathOf),
    transfers,
    intake: createIntake({ transfers, files, origin, log, limits }),
  };
}
