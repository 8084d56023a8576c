/** Ingot in the lab: it meets machines with real firmware through BMCs that speak real protocols. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { enrol } from '../../lab/cloud/enrol.ts';
import { LabIngot } from '../../lab/cloud/ingot.ts';
import { findObstacle } from '../../lab/rack/obstacle.ts';
import { startRack, type Rack } from '../../lab/rack/rack.ts';

const obstacle = findObstacle();

describe('Ingot in the lab', () => {
  let rack: Rack;
  let ingot: LabIngot;

  beforeAll(async () => {
    if (obstacle !== null) return;
    rack = await startRack({ machines: [{ name: 'n1', bmc: 'redfish', firmware: 'uefi' }] });
    ingot = await LabIngot.start(rack);
  }, 300_000); // the first time, kernel and ramdisk are fetched and built
  afterAll(() => rack?.stop());
  beforeEach((context) => {
    if (obstacle !== null) context.skip(obstacle);
  });

  it('enrols a machine that it has never seen, and knows it again after SIGKILL', async () => {
    const [node] = await enrol(rack, ingot);
    expect(node).toMatchObject({ name: 'n1', power: 'off' });
    expect(node!['inventory']).toMatchObject({
      manufacturer: 'Ingot',
      serial_number: 'LAB-N1',
      nics: [{ mac: rack.machine('n1').hardware.nic.mac }],
    });
    await ingot.kill();
    await ingot.start();
    expect(await ingot.client.ask('GET', `/admin/v1/nodes/${node!['id']}`)).toMatchObject({ name: 'n1' });
  });
});
