/** From an image to the file that machines are given, or that a client gets back. */
import { access } from 'node:fs/promises';
import { sql } from 'kysely';
import type { ContentForm, ImageContents, RegisteredContents } from '../core/image-content.ts';
import type { Sql } from './database.ts';
import { toUuid } from './pages.ts';

interface FileRow {
  status: string;
  diskFile: string | null;
  diskBytes: number;
  rawBytes: number;
  form: ContentForm;
  sourceFile: string | null;
  sizeBytes: number;
}

/** @param pathOf where the file of this name lies */
export function imageContents(
  db: Sql,
  pathOf: (sha256: string) => string,
): ImageContents & RegisteredContents {
  async function read(imageId: string): Promise<FileRow | null> {
    const { rows } = await sql<FileRow>`
      select i.status, i.disk_file as "diskFile", d.size_bytes as "diskBytes", d.raw_size_bytes as "rawBytes", d.form,
        i.source_file as "sourceFile", i.size_bytes as "sizeBytes"
      from images i join image_files d on d.sha256 = i.disk_file where i.id = ${toUuid(imageId)}::uuid`.execute(
      db,
    );
    const row = rows[0];
    if (!row) return null;
    return (await isHere(pathOf(row.sourceFile ?? row.diskFile!))) ? row : null;
  }

  return {
    async find(imageId) {
      const row = await read(imageId);
      if (!row || row.status !== 'active') return null;
      return {
        imageId,
        sha256: row.diskFile!,
        sizeBytes: row.diskBytes,
        rawSizeBytes: row.rawBytes,
        form: row.form,
        path: pathOf(row.diskFile!),
      };
    },

    async findRegistered(imageId) {
      const row = await read(imageId);
      if (!row) return null;
      if (row.sourceFile) return { path: pathOf(row.sourceFile), sizeBytes: row.sizeBytes, form: 'raw' };
      return { path: pathOf(row.diskFile!), sizeBytes: row.sizeBytes, form: row.form };
    },
  };
}

async function isHere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
