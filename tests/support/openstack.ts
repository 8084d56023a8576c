/** The unmodified `openstack` command, as it runs against a cloud. */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { Cloud } from './cloud.ts';

export const whyNot = 'the command openstack is not installed (Debian: python3-openstackclient)';

export const isInstalled = (process.env.PATH ?? '').split(delimiter).some((folder) => {
  try {
    accessSync(join(folder, 'openstack'), constants.X_OK);
    return true;
  } catch {
    return false;
  }
});

/** Runs `openstack …` with the clouds.yaml of the first start; a code other than 0 is an error with its words. */
export async function openstack(cloud: Cloud, ...args: string[]): Promise<string> {
  const clouds = cloud.ingot.first!.files.find((file) => file.endsWith('clouds.yaml'))!;
  const env = { PATH: process.env.PATH, OS_CLIENT_CONFIG_FILE: clouds, OS_CLOUD: 'ingot' };
  const { stdout } = await promisify(execFile)('openstack', args, { env });
  return stdout;
}
