/** Every one of the 13 states, seen through the published APIs while it holds. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { State } from '../../src/core/lifecycle.ts';
import { startCloud, type Cloud } from '../support/cloud.ts';

let cloud: Cloud;
beforeAll(async () => {
  // Slow enough that each state on the way is met by a reader.
  cloud = await startCloud({ INGOT_SIM_NODES: '2', INGOT_SIM_STEP_MS: '250' });
});
afterAll(() => cloud.close());

/** By what a client can tell the states apart: status, vm_state, task_state. */
const looks: Record<Exclude<State, 'Rebuilding' | 'Reinstalling OS' | 'Reinstalling OS failed'>, string> = {
  Creating: 'BUILD building spawning',
  Starting: 'SHUTOFF stopped powering-on',
  Running: 'ACTIVE active null',
  Stopping: 'ACTIVE active powering-off',
  Stopped: 'SHUTOFF stopped null',
  Restarting: 'REBOOT active rebooting',
  'Forcibly restarting': 'HARD_REBOOT active rebooting_hard',
  Deleting: 'ACTIVE active deleting',
  Deleted: 'DELETED deleted null',
  Faulty: 'ERROR error null',
};

async function look(id: string): Promise<string> {
  const { body } = await cloud.call('GET', `/v1/{p}/baremetalservers/${id}`);
  const { server } = body;
  return `${server.status} ${server['OS-EXT-STS:vm_state']} ${server['OS-EXT-STS:task_state']}`;
}

const sees = (id: string, wanted: string) =>
  cloud.until(
    () => look(id),
    (seen) => seen === wanted,
  );

async function power(id: string, body: Record<string, object>): Promise<string> {
  const [[action, rest]] = Object.entries(body) as [[string, object]];
  const asked = await cloud.call('POST', '/v1/{p}/baremetalservers/action', {
    [action]: { ...rest, servers: [{ id }] },
  });
  expect(asked.status).toBe(200);
  return asked.body.job_id;
}

it('shows each state as published, from creation to the end of the record', async () => {
  const network = (await cloud.call('GET', '/network/v2.0/networks')).body.networks[0];
  const image = (await cloud.call('GET', '/image/v2/images')).body.images[0];
  const created = await cloud.call('POST', '/v2.1/{p}/servers', {
    server: {
      name: 'walker',
      imageRef: image.id,
      flavorRef: 'physical.m2.large',
      networks: [{ uuid: network.id }],
    },
  });
  expect(created.status).toBe(202);
  const id: string = created.body.server.id;
  await sees(id, looks.Creating);
  await sees(id, looks.Running);

  await power(id, { reboot: { type: 'SOFT' } });
  await sees(id, looks.Restarting);
  await sees(id, looks.Running);
  await power(id, { reboot: { type: 'HARD' } });
  await sees(id, looks['Forcibly restarting']);
  await sees(id, looks.Running);

  const stop = await power(id, { 'os-stop': {} });
  await sees(id, looks.Stopping);
  await cloud.jobEnd(stop);
  expect(await look(id)).toBe(looks.Stopped);
  const start = await power(id, { 'os-start': {} });
  await sees(id, looks.Starting);
  await cloud.jobEnd(start);
  expect(await look(id)).toBe(looks.Running);
  await cloud.jobEnd(await power(id, { 'os-stop': {} }));

  // Rebuilding and Reinstalling OS look the same by design; which it is, the operation asked tells.
  const rebuild = await cloud.call('POST', `/v2.1/{p}/servers/${id}/action`, {
    rebuild: { imageRef: image.id },
  });
  expect(rebuild.status).toBe(202);
  await sees(id, 'SHUTOFF stopped rebuilding');
  await sees(id, looks.Running);
  await cloud.jobEnd(await power(id, { 'os-stop': {} }));

  await cloud.call('POST', '/admin/v1/faults', { target: id, on: 'reinstall-os', kind: 'fail' });
  const reinstall = () =>
    cloud.call('POST', `/v1/{p}/baremetalservers/${id}/reinstallos`, {
      'os-reinstall': { adminpass: 'An0ther-Horse' },
    });
  const failed = await reinstall();
  // "Reinstalling OS failed" is SHUTOFF at rest; only the failed job tells it from Stopped.
  expect((await cloud.jobEnd(failed.body.job_id)).status).toBe('FAIL');
  expect(await look(id)).toBe(looks.Stopped);
  expect((await cloud.call('GET', `/v1/{p}/instances/${id}/status`)).body.state).toBe('error');
  const again = await reinstall();
  await sees(id, 'SHUTOFF stopped rebuilding');
  expect((await cloud.jobEnd(again.body.job_id)).status).toBe('SUCCESS');

  await cloud.call('POST', '/admin/v1/faults', { target: id, on: 'now', kind: 'fail' });
  await sees(id, looks.Faulty);
  const off = await cloud.call('POST', `/v2.1/{p}/servers/${id}/action`, { reboot: { type: 'HARD' } });
  expect(off.status).toBeLessThan(300);
  await sees(id, looks.Running);

  const gone = await cloud.call('POST', '/v1/{p}/baremetalservers/delete', { servers: [{ id }] });
  await sees(id, looks.Deleting);
  await cloud.jobEnd(gone.body.job_id);
  expect(await look(id)).toBe(looks.Deleted);
  expect((await cloud.call('GET', `/v2.1/{p}/servers/${id}`)).status).toBe(404);
});
