/** Machines are installed and wiped by the ramdisk that they boot, whatever happens on the way. */
import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { halfAsLongMs, openBootRoom, purpose, type BootRoom } from './boot-room.ts';

const hasXorriso = spawnSync('xorriso', ['-version']).status === 0;
beforeEach((context) => {
  if (!hasXorriso) context.skip('xorriso is not installed');
});

const rooms: BootRoom[] = [];
afterEach(async () => {
  for (const room of rooms.splice(0)) await room.close();
});

async function open(options?: Parameters<typeof openBootRoom>[0]): Promise<BootRoom> {
  const room = await openBootRoom(options);
  rooms.push(room);
  return room;
}

it('installs a system and hears it report', async () => {
  const { installer, machine, node, order, settle, signs, sessions, store } = await open();
  await installer.beginDeploy(node, order, purpose);
  expect(await settle(installer.readDeploy)).toMatchObject({ status: 'done' });
  expect(machine.told).toEqual(['network', 'on', 'disk']);
  expect(machine.power()).toBe('off');
  expect(machine.disk.image).toBe('a raw disk image a raw disk imag');
  const drive = machine.disk.configDrive!.toString('latin1');
  expect(drive).toContain('"hostname":"web-1"');
  expect(drive).toContain('ssh-ed25519 AAAA test');
  expect(drive).toContain('#cloud-config\nruncmd: [[id]]');

  expect(await installer.readFirstBoot(node, purpose)).toMatchObject({ status: 'running' });
  await machine.driver.setPower(node, 'on', purpose);
  const boot = await settle(installer.readFirstBoot);
  expect(boot).toMatchObject({ status: 'done', evidence: 'the installed system reported as fake-host' });
  expect(await signs()).toEqual([
    'begun',
    'power-off',
    'boot-device',
    expect.stringMatching(/script|power-on/),
    expect.stringMatching(/script|power-on|kernel/),
    expect.stringMatching(/kernel|power-on|agent/),
    expect.stringMatching(/agent|power-on/),
    'image',
    'config-drive',
    'written',
    'finished',
    'powered-off',
    'phone-home',
  ]);
  const learned = await store.nodes.find(node.id);
  expect(learned!.boot).toMatchObject({ firmware: 'uefi', macs: ['52:54:00:12:34:56'] });
  expect(learned!.inventory).toMatchObject({ cpuCores: 4, memoryMib: 8192, serialNumber: 'FAKE-1' });
  expect((await sessions.findCurrent(node.id))!.stage).toBe('booted');
});

it('wipes the disks and says how', async () => {
  const { installer, machine, node, settle, signs } = await open();
  machine.disk.image = 'what a tenant left';
  await installer.beginWipe(node, purpose);
  expect(await settle(installer.readWipe)).toMatchObject({ status: 'done' });
  expect(machine.disk.image).toBeNull();
  expect(await signs()).toContain('wiped');
});

it('ends with the reason and the log when what was written is not what was sent', async () => {
  const { installer, machine, node, order, settle, sessions } = await open();
  machine.habits.damages = true;
  await installer.beginDeploy(node, order, purpose);
  const reading = await settle(installer.readDeploy);
  expect(reading.status).toBe('failed');
  expect(reading.evidence).toMatch(/^The ramdisk could not deploy the machine: checksum is [0-9a-f]{64}$/);
  expect((await sessions.findCurrent(node.id))!.logTail).toBe('log line 1\nlog line 2');
});

it('starts a machine again whose ramdisk is not heard of, and gives up after the third time', async () => {
  const { installer, machine, node, order, settle, signs } = await open();
  machine.habits.hangs = 1;
  await installer.beginDeploy(node, order, purpose);
  expect(await settle(installer.readDeploy)).toMatchObject({ status: 'done' });
  expect(await signs()).toContain('again');

  machine.habits.hangs = 3;
  await installer.beginDeploy(node, order, purpose);
  const reading = await settle(installer.readDeploy);
  expect(reading.status).toBe('failed');
  expect(reading.evidence).toMatch(
    /^The ramdisk did not come to its end in 3 starts: no ramdisk after \d+ s; last heard: \S/,
  );
  expect(machine.power()).toBe('off');
});

it('starts a machine again whose firmware got no further, long before patience with a silent one ends', async () => {
  const { installer, machine, node, order, settle, signs } = await open({ stuckMs: halfAsLongMs });
  machine.habits.hangs = 2;
  await installer.beginDeploy(node, order, purpose);
  expect(await settle(installer.readDeploy)).toMatchObject({ status: 'done' });
  expect((await signs()).filter((sign) => sign === 'again')).toHaveLength(2);
});

it('leaves a machine alone that still tests its memory, be it in the second start', async () => {
  const { installer, machine, node, order, store } = await open({ stuckMs: halfAsLongMs });
  machine.habits.hangs = 1;
  await installer.beginDeploy(node, order, purpose);
  const look = async () => installer.readDeploy((await store.nodes.find(node.id))!, purpose);
  while (!machine.did.includes('hung')) await look();
  machine.habits.tests = 1;
  while (!machine.did.includes('tests')) await look();
  for (let looks = 0; looks < 5; looks += 1) {
    expect(await look()).toMatchObject({
      status: 'running',
      evidence: expect.stringMatching(/^Waiting for the ramdisk: /),
    });
  }
  expect(machine.power()).toBe('on');
});

it('starts a machine again whose agent fell silent in the middle', async () => {
  const { installer, machine, node, order, settle } = await open();
  machine.habits.dies = 1;
  await installer.beginDeploy(node, order, purpose);
  expect(await settle(installer.readDeploy)).toMatchObject({ status: 'done' });
  expect(machine.did).toEqual(['deploy', 'deploy']);
});

it('refuses an image without content at once', async () => {
  const { installer, machine, node, order } = await open();
  const asked = installer.beginDeploy(node, { ...order, imageId: node.id, imageName: 'Debian 12' }, purpose);
  await expect(asked).rejects.toThrow(
    'The image Debian 12 has no content that could be put on a real machine; upload or import it first.',
  );
  expect(machine.told).toEqual([]);
});

it('does not begin to write where the image does not fit', async () => {
  const { installer, machine, node, order, settle } = await open();
  machine.habits.diskBytes = 70_000;
  await installer.beginDeploy(node, order, purpose);
  const { status, evidence } = await settle(installer.readDeploy);
  expect(status).toBe('failed');
  expect(evidence).toBe('The system cannot be installed: no disk holds 68000 bytes (vda 70000)');
  expect(machine.disk.image).toBeNull();
});

it('takes a lesser sign for the first boot only when no report comes', async () => {
  const { installer, machine, node, order, settle, sessions } = await open();
  machine.habits.reports = false;
  await installer.beginDeploy(node, order, purpose);
  await settle(installer.readDeploy);
  await machine.driver.setPower(node, 'on', purpose);
  const session = (await sessions.findCurrent(node.id))!;
  await sessions.note(session.id, { sign: 'system-dhcp', evidence: 'the system asked for an address' });
  const reading = await settle(installer.readFirstBoot);
  expect(reading.evidence).toBe('the system asked for an address; it sent no report');
});
