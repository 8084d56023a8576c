/** DHCP and TFTP by dnsmasq: what it is told, what is heard of it, and that it lives as long as Ingot does. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createDnsmasq, type Dnsmasq } from '../../src/boot/dhcp/dnsmasq.ts';
import { toConfig, toFiles, toHosts, type DhcpSettings } from '../../src/boot/dhcp/dnsmasq-config.ts';
import { createDnsmasqEar } from '../../src/boot/dhcp/dnsmasq-log.ts';

const settings: DhcpSettings = {
  interfaceName: 'lo',
  range: { first: '127.9.0.100', last: '127.9.0.110' },
  gateway: null,
  dns: [],
  hasMetadata: false,
  isOpen: false,
};

it('leases to known machines only, unless it shall be open', () => {
  const text = (own: Partial<DhcpSettings>) =>
    toConfig({ ...settings, ...own }, toFiles('/data'), 'http://10.77.0.1:8775', 'root');
  expect(text({})).toContain('\ndhcp-ignore=tag:!known\n');
  expect(text({ isOpen: true })).not.toContain('dhcp-ignore');
  expect(text({})).toContain('\ndhcp-option=option:router\n'); // else dnsmasq names itself
  expect(text({ gateway: '10.77.0.254', dns: ['10.1.1.1', '10.1.1.2'] })).toContain(
    '\ndhcp-option=option:router,10.77.0.254\ndhcp-option=option:dns-server,10.1.1.1,10.1.1.2\n',
  );
  expect(text({})).not.toContain('classless');
  const withMetadata = text({ hasMetadata: true, gateway: '10.77.0.254' });
  expect(withMetadata).toContain(
    '\ndhcp-option=option:classless-static-route,169.254.169.254/32,10.77.0.1,0.0.0.0/0,10.77.0.254\n',
  );
  expect(toHosts(['52:54:00:00:00:02', '52:54:00:00:00:01', '52:54:00:00:00:02'])).toBe(
    '52:54:00:00:00:01,set:node\n52:54:00:00:00:02,set:node\n',
  );
});

it('tells firmware, ramdisk and installed system apart', () => {
  const hear = createDnsmasqEar();
  const ask = (id: number, ...lines: string[]) =>
    lines.map((line) => hear(`dnsmasq-dhcp[22066]: ${id} ${line}`)).find((heard) => heard !== null);
  const ack = 'DHCPACK(br0) 10.77.0.101 52:54:00:4c:41:01';
  expect(ask(1, 'vendor class: PXEClient:Arch:00007:UNDI:003001', 'user class: iPXE', ack)).toEqual({
    is: 'firmware',
    mac: '52:54:00:4c:41:01',
    address: '10.77.0.101',
    evidence: '10.77.0.101 leased to 52:54:00:4c:41:01 (PXEClient:Arch:00007:UNDI:003001, iPXE)',
  });
  expect(ask(2, 'vendor class: ingot-ramdisk', ack)?.is).toBe('ramdisk');
  expect(ask(3, 'vendor class: udhcp 1.35.0', `${ack} web-1`)?.is).toBe('system');
  expect(ask(4, ack)?.is).toBe('system');
  expect(hear('dnsmasq-tftp[22066]: sent /data/tftp/snponly.efi to 10.77.0.102')).toEqual({
    is: 'tftp',
    mac: null,
    address: '10.77.0.102',
    evidence: 'snponly.efi sent by TFTP to 10.77.0.102',
  });
  expect(hear('dnsmasq-dhcp[22066]: DHCP, IP range 10.77.0.100 -- 10.77.0.200, lease time 1h')).toBeNull();
});

let folder: string;
const running: Dnsmasq[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ingot-dnsmasq-'));
});
afterEach(async () => {
  for (const dnsmasq of running.splice(0)) await dnsmasq.stop();
  await rm(folder, { recursive: true });
});

/** Needs root, port 67 of loopback and Debian's packages; says what is missing. */
function findObstacle(): string | null {
  if (process.getuid?.() !== 0) return 'port 67 needs root';
  if (spawnSync('dnsmasq', ['--version']).status !== 0) return 'dnsmasq is not installed';
  return spawnSync('test', ['-r', '/usr/lib/ipxe/snponly.efi']).status === 0 ? null : 'ipxe is not installed';
}

function make(own: Partial<DhcpSettings> = {}, macs: string[] = []): Dnsmasq {
  const dnsmasq = createDnsmasq({
    settings: { ...settings, ...own },
    folder,
    origin: 'http://127.0.0.1:8775',
    listMacs: async () => macs,
    onHeard: () => undefined,
    log: () => undefined,
  });
  running.push(dnsmasq);
  return dnsmasq;
}

const pidOf = async () => Number(await readFile(join(folder, 'pid'), 'utf8'));
const isAlive = (pid: number) => spawnSync('kill', ['-0', String(pid)]).status === 0;

it('starts again when it dies, replaces one that a killed Ingot left behind, and ends with Ingot', async (context) => {
  const obstacle = findObstacle();
  if (obstacle !== null) return context.skip(obstacle);
  await make().start();
  const first = await pidOf();
  process.kill(first, 'SIGKILL');
  while (isAlive(first) || (await pidOf()) === first || !isAlive(await pidOf()))
    await new Promise((resolve) => setTimeout(resolve, 20));
  const second = await pidOf();

  // As after a kill -9: nobody told the second one to stop, and a new Ingot starts on the same folder.
  await make().start();
  const third = await pidOf();
  // It is a child of this process, and counts as alive until Node has heard of its end.
  while (isAlive(second)) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(isAlive(third)).toBe(true);
  for (const dnsmasq of running.splice(0).reverse()) await dnsmasq.stop();
  expect(isAlive(third)).toBe(false);
});

it('says what is wrong when it cannot serve', async (context) => {
  const obstacle = findObstacle();
  if (obstacle !== null) return context.skip(obstacle);
  await expect(make({ interfaceName: 'nosuch0' }).start()).rejects.toThrow(
    'dnsmasq cannot serve on nosuch0: unknown interface nosuch0',
  );
});
