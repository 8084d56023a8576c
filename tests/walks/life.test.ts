import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';

let cloud: Cloud;
beforeAll(async () => {
  cloud = await startCloud();
});
afterAll(() => cloud.close());

const power = (action: string, ids: string[], type?: string) =>
  cloud.call('POST', '/v1/{p}/baremetalservers/action', {
    [action]: { servers: ids.map((id) => ({ id })), ...(type ? { type } : {}) },
  });

async function status(id: string): Promise<string> {
  const { body } = await cloud.call('GET', `/v1/{p}/baremetalservers/${id}`);
  return body.server.status;
}

it('takes a server through its whole life by the BMS API', async () => {
  const [id] = await cloud.makeServers(1, 'life');
  expect(await status(id!)).toBe('ACTIVE');

  const stop = await power('os-stop', [id!], 'HARD');
  expect(stop.status).toBe(200);
  const stopped = await cloud.jobEnd(stop.body.job_id);
  expect(stopped).toMatchObject({ status: 'SUCCESS', job_type: 'baremetalBatchOperate', error_code: null });
  expect(await status(id!)).toBe('SHUTOFF');

  const reinstall = await cloud.call('POST', `/v1/{p}/baremetalservers/${id}/reinstallos`, {
    'os-reinstall': { adminpass: 'An0ther-Horse' },
  });
  expect((await cloud.jobEnd(reinstall.body.job_id)).status).toBe('SUCCESS');
  expect(await status(id!)).toBe('ACTIVE');

  for (const type of ['SOFT', 'HARD']) {
    const reboot = await power('reboot', [id!], type);
    expect((await cloud.jobEnd(reboot.body.job_id)).status).toBe('SUCCESS');
    expect(await status(id!)).toBe('ACTIVE');
  }

  const refused = await power('os-start', [id!]);
  expect(refused).toMatchObject({ status: 400, body: { error: { code: 'BMS.0038' } } });

  const gone = await cloud.call('POST', '/v1/{p}/baremetalservers/delete', { servers: [{ id }] });
  expect((await cloud.jobEnd(gone.body.job_id)).status).toBe('SUCCESS');
  expect(await status(id!)).toBe('DELETED');
  const nodes = await cloud.sql.query(`select standing, power from nodes where standing <> 'ready'`);
  expect(nodes.rows).toEqual([]);
});
