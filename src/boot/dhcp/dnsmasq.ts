/**
 * dnsmasq as a child of this process: started with it, started again when it dies, stopped with it. After a kill -9 of
 * ours the old one goes on and serves; the next start replaces it, because what it says could not be heard otherwise.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { copyFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { parseMac, type Neighbours } from '../machine-finder.ts';
import { bootFiles, toConfig, toFiles, toHosts, type DhcpSettings } from './dnsmasq-config.ts';
import { createDnsmasqEar, type Heard } from './dnsmasq-log.ts';

export interface DnsmasqRoom {
  settings: DhcpSettings;
  /** Of ours in the data folder. */
  folder: string;
  origin: string;
  /** MAC addresses of all nodes. */
  listMacs: () => Promise<string[]>;
  onHeard: (heard: Heard) => void;
  log: (error: unknown, message: string) => void;
}

export interface Dnsmasq {
  /** @throws Error with one line: not installed, no such interface, port in use */
  start(): Promise<void>;
  /** Sees to it that all nodes of now are known. */
  refresh(): Promise<void>;
  /** By its leases. */
  findNeighbour: Neighbours;
  stop(): Promise<void>;
}

const ipxeFolder = '/usr/lib/ipxe';
const refreshMs = 5_000;
const longestPauseMs = 30_000;

export function createDnsmasq(room: DnsmasqRoom): Dnsmasq {
  const files = toFiles(room.folder);
  let child: ChildProcess | null = null;
  let hosts: string | null = null;
  let timer: NodeJS.Timeout | undefined;
  let isStopping = false;
  let failures = 0;

  /** Resolves when it serves. */
  async function launch(): Promise<void> {
    const started = spawn('dnsmasq', ['--keep-in-foreground', `--conf-file=${files.config}`], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child = started;
    const hear = createDnsmasqEar();
    let lastWords = '';
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: started.stderr }).on('line', (line) => {
        if (line.includes('started, version')) resolve();
        else lastWords = line;
        const heard = hear(line);
        if (heard) room.onHeard(heard);
      });
      started.once('error', (error: NodeJS.ErrnoException) => {
        const isMissing = error.code === 'ENOENT';
        reject(isMissing ? new Error('it is not installed (Debian package dnsmasq-base)') : error);
      });
      started.once('exit', (code) => {
        child = null;
        reject(new Error(lastWords.replace(/^dnsmasq: /, '').trim() || `it ended with code ${code}`));
        if (!isStopping) void relaunch(lastWords);
      });
    });
    failures = 0;
  }

  /** Not for the first start, whose failure is told instead. */
  let isServing = false;
  async function relaunch(lastWords: string): Promise<void> {
    if (!isServing) return;
    room.log(new Error(lastWords), 'dnsmasq ended; it is started again');
    await pause(Math.min(1_000 * 2 ** failures++, longestPauseMs), undefined, { ref: false });
    if (isStopping || child) return;
    await launch().catch(() => undefined); // its exit was seen above
  }

  async function refresh(): Promise<void> {
    const wanted = toHosts(await room.listMacs());
    if (wanted === hosts) return;
    await writeFile(`${files.hosts}.new`, wanted);
    await rename(`${files.hosts}.new`, files.hosts);
    hosts = wanted;
    child?.kill('SIGHUP');
  }

  return {
    refresh,

    async start() {
      await mkdir(files.tftp, { recursive: true });
      for (const name of Object.values(bootFiles)) await copyBootFile(name, files.tftp);
      const text = toConfig(room.settings, files, room.origin, userInfo().username);
      await writeFile(files.config, text);
      await refresh();
      await endFormer(files.pid, files.config);
      await launch().catch((error: Error) => {
        throw new Error(`dnsmasq cannot serve on ${room.settings.interfaceName}: ${error.message}`, {
          cause: error,
        });
      });
      isServing = true;
      timer = setInterval(() => {
        refresh().catch((error: unknown) => room.log(error, 'the nodes known to dnsmasq were not refreshed'));
      }, refreshMs);
      timer.unref();
    },

    async findNeighbour(address) {
      const leases = await readFile(files.leases, 'utf8').catch(() => '');
      for (const line of leases.split('\n')) {
        const [, mac, ip] = line.split(' ');
        if (ip === address && mac) return parseMac(mac);
      }
      return null;
    },

    async stop() {
      isStopping = true;
      clearInterval(timer);
      const running = child;
      if (!running) return;
      const gone = new Promise((resolve) => running.once('exit', resolve));
      running.kill('SIGTERM');
      await gone;
    },
  };
}

async function copyBootFile(name: string, folder: string): Promise<void> {
  await copyFile(join(ipxeFolder, name), join(folder, name)).catch((error: unknown) => {
    throw new Error(`Network boot needs ${join(ipxeFolder, name)} (Debian package ipxe)`, { cause: error });
  });
}

/** The one that a process of before left behind, known by its configuration file. */
async function endFormer(pidFile: string, config: string): Promise<void> {
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => ''));
  if (!Number.isInteger(pid) || pid <= 1) return;
  const isOurs = async () =>
    (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).includes(`--conf-file=${config}`);
  if (!(await isOurs())) return;
  process.kill(pid, 'SIGTERM');
  while (await isOurs()) await pause(20);
}
