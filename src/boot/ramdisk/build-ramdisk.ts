/**
 * Builds the deploy ramdisk from Debian's packages: a kernel, which is unpacked and not installed (installing takes half
 * a minute and makes an initrd that nobody needs), its drivers, busybox and a few tools of this machine, and our agent.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmod,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Ramdisk } from '../provisioning-room.ts';

const run = promisify(execFile);

/** `cloud`: virtual machines, and small. `stock`: hardware that nobody knows yet. */
export const kernels = ['stock', 'cloud'] as const;
export type Kernel = (typeof kernels)[number];

const packages: Record<Kernel, string> = {
  stock: 'linux-image-amd64',
  cloud: 'linux-image-cloud-amd64',
};

/** Folders of drivers, below `kernel/` of the modules. */
const wanted: Record<Kernel, string[]> = {
  cloud: ['drivers/virtio', 'drivers/ata', 'drivers/net/ethernet/intel'],
  stock: [
    'drivers/net/ethernet',
    'drivers/net/bonding',
    'drivers/scsi',
    'drivers/message',
    'drivers/ata',
    'drivers/md',
    'drivers/char/ipmi',
    'drivers/virtio',
    'drivers/usb/host',
    'drivers/hid/usbhid',
    'net/8021q',
  ],
};
/** Single drivers; of NVMe the disks of the machine itself, not those behind a network. */
const singles =
  /\/(nvme|virtio_blk|virtio_net|virtio-rng|virtio_scsi|vmw_pvscsi|sd_mod|button|evdev|vfat|isofs|cdrom|nls_ascii|nls_cp437)\.ko$/;

/**
 * Programs of this machine with the libraries that they need; the useful ones are taken when they are there. ipmitool is
 * half of what the small ramdisk would weigh, and its kernel has no driver for a BMC.
 */
const tools: { needed: string[]; useful: Record<Kernel, string[]> } = {
  needed: ['sfdisk', 'zstd'],
  useful: { cloud: ['nvme', 'hdparm'], stock: ['nvme', 'hdparm', 'ipmitool'] },
};
const toolFolders = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'];

const agentFile = new URL('agent.sh', import.meta.url);

/**
 * Takes what was built before, unless the agent or the kernel's version has changed.
 * @param folder where it is kept: a folder per kernel
 * @throws Error with one line that says which program or package is missing
 */
export async function buildRamdisk(folder: string, kernel: Kernel): Promise<Ramdisk> {
  const target = join(folder, kernel);
  const made: Ramdisk = { vmlinuz: join(target, 'vmlinuz'), initrd: join(target, 'initrd') };
  const name = await findKernel(packages[kernel]);
  const agent = await readFile(agentFile);
  const key = createHash('sha256')
    .update(`${name}\n`)
    .update(agent)
    .update(JSON.stringify([wanted, singles.source, tools]));
  const stamp = key.digest('hex');
  if ((await readFile(join(target, 'made-of'), 'utf8').catch(() => '')) === stamp) return made;

  await mkdir(folder, { recursive: true });
  const work = await mkdtemp(join(folder, 'work-'));
  try {
    const tree = await unpackKernel(name, work);
    const result = join(work, 'result');
    await mkdir(result);
    const [version] = await readdir(join(tree, 'lib/modules'));
    await copyFile(join(tree, 'boot', `vmlinuz-${version}`), join(result, 'vmlinuz'));
    const root = join(work, 'root');
    await fillRoot(root, agent, tools.useful[kernel]);
    await copyModules(tree, root, version!, kernel);
    await pack(root, join(result, 'initrd'));
    await writeFile(join(result, 'made-of'), stamp);
    await rm(target, { recursive: true, force: true });
    await rename(result, target);
    return made;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Built when it is first wanted, once per process; after a failure it is tried again. */
export function keepRamdisk(folder: string, kernel: Kernel): () => Promise<Ramdisk> {
  let building: Promise<Ramdisk> | null = null;
  return () =>
    (building ??= buildRamdisk(folder, kernel).catch((error: unknown) => {
      building = null;
      throw error;
    }));
}

/** The package with the files behind the one that follows the newest version. */
async function findKernel(name: string): Promise<string> {
  const { stdout } = await tool('apt-cache', ['depends', name]);
  const found = /Depends: (linux-image-\d\S+)/.exec(stdout)?.[1];
  if (found === undefined) throw new Error(`apt knows no package ${name}; run apt-get update first`);
  return found;
}

async function unpackKernel(name: string, work: string): Promise<string> {
  const archives = join(work, 'archives');
  const tree = join(work, 'tree');
  await mkdir(archives);
  // As root apt would change to another user, who may not write here.
  await tool('apt-get', ['-q', '-o', 'APT::Sandbox::User=root', 'download', name], archives);
  const [archive] = await readdir(archives);
  await tool('dpkg-deb', ['--extract', join(archives, archive!), tree]);
  return tree;
}

async function fillRoot(root: string, agent: Buffer, useful: readonly string[]): Promise<void> {
  for (const name of ['bin', 'sbin', 'usr/bin', 'usr/sbin', 'proc', 'sys', 'dev', 'etc', 'tmp', 'run']) {
    await mkdir(join(root, name), { recursive: true });
  }
  await copyInto(root, await findTool('busybox'), '/bin/busybox');
  await writeFile(join(root, 'init'), agent, { mode: 0o755 });
  const found = [
    ...(await Promise.all(tools.needed.map((name) => findTool(name)))),
    ...(await Promise.all(useful.map((name) => findTool(name).catch(() => null)))),
  ].filter((path) => path !== null);
  const libraries = new Set<string>();
  for (const path of found) {
    await copyInto(root, path);
    const { stdout } = await tool('ldd', [path]);
    for (const [library] of stdout.matchAll(/\/[^\s)]+/g)) libraries.add(library);
  }
  for (const library of libraries) await copyInto(root, library);
}

/** @throws Error that names the program */
async function findTool(name: string): Promise<string> {
  for (const folder of toolFolders) {
    const path = join(folder, name);
    if (await stat(path).catch(() => null)) return path;
  }
  const hint = name === 'busybox' ? 'busybox-static' : name === 'sfdisk' ? 'fdisk' : name;
  throw new Error(`The ramdisk needs ${name}, which is not installed (Debian package ${hint})`);
}

async function copyInto(root: string, path: string, to = path): Promise<void> {
  const target = join(root, to);
  await mkdir(dirname(target), { recursive: true });
  await copyFile(path, target);
  await chmod(target, 0o755);
}

async function copyModules(tree: string, root: string, version: string, kernel: Kernel): Promise<void> {
  const modules = join('lib/modules', version);
  await tool('depmod', ['-b', tree, version]);
  const files = (await readdir(join(tree, modules, 'kernel'), { recursive: true }))
    .map((file) => `/${file}`)
    .filter((file) => file.endsWith('.ko'))
    .filter((file) => singles.test(file) || wanted[kernel].some((part) => file.startsWith(`/${part}/`)));
  const names = files.map((file) => file.replace(/^.*\//, '').replace(/\.ko$/, ''));
  const { stdout } = await tool('modprobe', ['-d', tree, '-S', version, '-a', '--show-depends', ...names]);
  const needed = new Set(Array.from(stdout.matchAll(/^insmod (\S+)/gm), ([, file]) => file!));
  for (const file of needed) {
    const target = join(root, file.slice(tree.length));
    await mkdir(dirname(target), { recursive: true });
    await cp(file, target);
  }
  for (const name of ['modules.order', 'modules.builtin', 'modules.builtin.modinfo']) {
    await cp(join(tree, modules, name), join(root, modules, name));
  }
  await tool('depmod', ['-b', root, version]);
}

/** zstd: half the size of gzip at this level, and the kernel unpacks it faster. */
async function pack(root: string, file: string): Promise<void> {
  const script = 'find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0 | zstd -q -12 -T0 -o "$1"';
  await tool('bash', ['-o', 'pipefail', '-c', script, 'pack', file], root);
}

async function tool(program: string, args: string[], cwd?: string): Promise<{ stdout: string }> {
  const options = { maxBuffer: 64 * 1024 * 1024, ...(cwd === undefined ? {} : { cwd }) };
  return run(program, args, options).catch((error: unknown) => {
    const { code, stderr } = error as { code?: string | number; stderr?: string };
    const words = code === 'ENOENT' ? 'is not installed' : (stderr ?? '').trim().split('\n').at(-1);
    throw new Error(`The ramdisk could not be built: ${program} ${words || String(code)}`, { cause: error });
  });
}
