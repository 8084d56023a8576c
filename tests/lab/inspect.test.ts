/** Machines with real firmware, of which next to nothing is known, tell by the ramdisk what they are made of. */
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

  beforeAll(async () => {
    if (obstacle !== null) return;
    rack = await startRack({
      machines: [
        { name: 'n1', bmc: 'ipmi', firmware: 'bios' },
        { name: 'n2', bmc: 'ipmi', firmware: 'bios' },
      ],
    });
    ingot = await LabIngot.start(rack);
  }, timeout);
  afterAll(() => rack?.stop());
  beforeEach((context) => {
    if (obstacle !== null) context.skip(obstacle);
  });

  const enrol = (name: string) =>
    ingot.client.ask('POST', '/admin/v1/nodes', {
      name,
      driver: 'ipmi',
      zone: 'eu-de-01',
      bmc: { address: `${rack.machine(name).bmcAddress}?cipher=3`, ...rack.account },
    });

  it('that is known by IPMI alone is inspected in band, which learns its MAC address', async () => {
    await enrol('n1');
    // Comes back when it has ended, and fails when that was a failure.
    const told = await ingot.command('node', 'inspect', 'n1', '--in-band', '--wait', '--json');
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
});
