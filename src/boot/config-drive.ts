/**
 * The data of cloud-init as a file system: ISO 9660 with the label by which cloud-init knows an OpenStack config drive,
 * and the files of NoCloud beside, for systems that look for those.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { noCloudNames, toNoCloud } from './metadata/nocloud.ts';
import { toDocument, type DocumentName } from './metadata/openstack.ts';
import type { SystemData } from './metadata/system-data.ts';

const documents: DocumentName[] = ['meta_data.json', 'user_data', 'network_data.json', 'vendor_data.json'];

/** @throws Error when xorriso is missing or fails */
export async function makeConfigDrive(data: SystemData): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'ingot-config-drive-'));
  try {
    const root = join(folder, 'root');
    const latest = join(root, 'openstack', 'latest');
    await mkdir(latest, { recursive: true });
    for (const name of documents) {
      const text = toDocument(name, data);
      if (text) await writeFile(join(latest, name), text);
    }
    for (const name of noCloudNames) await writeFile(join(root, name), toNoCloud(name, data));
    const file = join(folder, 'config-2.iso');
    await makeIso(['-V', 'config-2', '-o', file, root]);
    return await readFile(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Rock Ridge and Joliet, so that the long names stay what they are. */
export async function makeIso(args: readonly string[]): Promise<void> {
  await promisify(execFile)('xorriso', ['-as', 'mkisofs', '-quiet', '-r', '-J', ...args]).catch(
    (error: unknown) => {
      const { code, stderr } = error as { code?: string; stderr?: string };
      const reason = code === 'ENOENT' ? 'xorriso is not installed (Debian package xorriso)' : stderr?.trim();
      throw new Error(`No disc image could be made: ${reason}`, { cause: error });
    },
  );
}
