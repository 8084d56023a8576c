/** Machines with real firmware, of which next to nothing is known, tell by the ramdisk what they are made of. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LabIngot } from '../../lab/cloud/ingot.ts';
import { findObstacle } from '../../lab/rack/obstacle.ts';
import { startRack, type Rack } from '../../lab/rack/rack.ts';
import { until } from '../../lab/story/story.ts';

const obstacle = findObstacle();
/** A quarter of a minute each on an idle machine; kernel and ramdisk are fetched and built the first time. */
const timeout = 300_000;

describe('a machine with real firmware', { timeout }, () => {
  let rack: Rack;
  let ingot: LabIngot;
  let inspectedByHttp: Promise<string>;

  beforeAll(async () => {
    if (obstacle !== null) return;
    rack = await startRack({
      machines: [
        { name: 'n1', bmc: 'ipmi', firmware: 'bios' },
        { name: 'n2', bmc: 'ipmi', firmware: 'bios' },
        { name: 'n3', bmc: 'redfish', firmware: 'uefi', hasNicRom: false, memoryMib: 1024 },
      ],
    });
    ingot = await LabIngot.start(rack);
    // Its firmware tries PXE for more than a minute before it comes to HTTP, and is waited for last.
    await rm(join(ingot.folder, 'dnsmasq', 'tftp', 'snponly.efi'));
    await enrol('n3');
    inspectedByHttp = inspect('n3');
    inspectedByHttp.catch(() => undefined);
  }, timeout);
  afterAll(() => rack?.stop());
  beforeEach((context) => {
    if (obstacle !== null) context.skip(obstacle);
  });

  const enrol = (name: 'n1' | 'n2' | 'n3') => {
    const { bmcAddress } = rack.machine(name);
    const [driver, address] =
      name === 'n3' ? ['redfish', `https://${bmcAddress}`] : ['ipmi', `${bmcAddress}?cipher=3`];
    const bmc = { address, ...rack.account };
    return ingot.client.ask('POST', '/admin/v1/nodes', { name, driver, zone: 'eu-de-01', bmc });
  };
  /** Comes back when it has ended, and fails when that was a failure. */
  const inspect = (name: string) => ingot.command('node', 'inspect', name, '--in-band', '--wait', '--json');

  it('that is known by IPMI alone is inspected in band, which learns its MAC address', async () => {
    await enrol('n1');
    const told = await inspect('n1');
    const { mac } = rack.machine('n1').hardware.nic;
    expect(JSON.parse(told)).toMatchObject({
      firmware: 'bios',
      macs: [mac],
      inventory: { nics: [{ mac }], serial_number: 'LAB-N1' },
      inspection: { status: 'succeeded' },
    });
  });

  it('that nobody enrolled is discovered when somebody boots it, and is known when it is enrolled', async () => {
    const machine = rack.machine('n2');
    const { mac } = machine.hardware.nic;
    await machine.setPower('on');
    await until(
      'n2 to be discovered',
      250,
      () => ingot.client.ask('GET', '/admin/v1/nodes/discovered'),
      ({ discovered }) =>
        (discovered as { inventory: unknown }[]).some(({ inventory }) => inventory !== null),
    );
    const found = JSON.parse(await ingot.command('node', 'discovered', '--json')) as object;
    expect(found).toMatchObject([{ macs: [mac], firmware: 'bios', serial_number: 'LAB-N2' }]);
    await enrol('n2');
    const known = JSON.parse(await ingot.command('node', 'show', 'n2', '--json')) as object;
    expect(known).toMatchObject({ macs: [mac] });
    expect(JSON.parse(await ingot.command('node', 'discovered', '--json'))).toEqual([]);
  });

  it('that cannot boot by PXE boots by UEFI HTTP boot', async () => {
    expect(JSON.parse(await inspectedByHttp)).toMatchObject({
      firmware: 'uefi',
      inspection: { status: 'succeeded' },
    });
    const { consoleLog } = rack.machine('n3');
    expect(await readFile(consoleLog, 'latin1')).toMatch(/PXE-E23[^]*HTTP Boot over IPv4[^]*Downloading/);
  });
});
