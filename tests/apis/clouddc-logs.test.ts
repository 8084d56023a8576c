/** Log exports (C16–C18): a tar archive that tar opens, with what really happened on the machine. */
import { execFileSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { tokenFor } from '../support/callers.ts';
import { refusal, useCloudDc, type CloudDc } from '../support/clouddc.ts';

let cloud: Cloud;
let dc: CloudDc;
beforeAll(async () => {
  cloud = await startCloud();
  dc = await useCloudDc(cloud);
});
afterAll(() => cloud.close());

const unknown = refusal(404, 'CloudDC.0404');
const start = (id: string) => cloud.call('POST', `/v1/{p}/physicalservers/${id}/logs/exports`);
const exportOf = (id: string, exportId: string) =>
  cloud.call('GET', `/v1/{p}/physicalservers/${id}/logs/exports/${exportId}`);

async function download(id: string, exportId: string) {
  const response = await fetch(
    `${cloud.origin}/v1/${cloud.projectId}/physicalservers/${id}/logs/exports/${exportId}/content`,
    { headers: { 'x-auth-token': cloud.token } },
  );
  return {
    status: response.status,
    headers: response.headers,
    bytes: Buffer.from(await response.arrayBuffer()),
  };
}

const listFiles = (archive: Buffer) =>
  execFileSync('tar', ['-tzf', '-'], { input: archive, encoding: 'utf8' }).trim().split('\n');
const readFile = (archive: Buffer, name: string) =>
  execFileSync('tar', ['-xzOf', '-', name], { input: archive, encoding: 'utf8' });
const readLines = (archive: Buffer, name: string) =>
  readFile(archive, name)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('a log export', () => {
  it('is accepted, complete, and downloaded as an archive of that machine', async () => {
    const id = await dc.running();
    const { server_id: serverId } = await dc.instance(id);
    await dc.breakNext(serverId, 'stop');
    await dc.power('power off', [serverId]);
    await dc.rest(id);

    const made = await start(serverId);
    expect(made).toMatchObject({
      status: 202,
      body: {
        export_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        status: 'completed',
        percentage: '100%',
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/),
      },
    });
    const { export_id: exportId } = made.body;
    expect(await exportOf(serverId, exportId)).toMatchObject({ status: 200, body: made.body });

    const { status, headers, bytes } = await download(serverId, exportId);
    expect(status).toBe(200);
    expect(headers.get('content-disposition')).toMatch(/^attachment; filename=[\w.-]+-dump\.tar\.gz$/);
    expect(headers.get('content-transfer-encoding')).toBe('binary');
    expect(headers.get('content-type')).toBe('application/octet-stream;charset=UTF-8');
    expect(listFiles(bytes)).toEqual([
      'machine.json',
      'hardware.json',
      'firmware.json',
      'history.jsonl',
      'events.jsonl',
    ]);
    expect(JSON.parse(readFile(bytes, 'machine.json'))).toMatchObject({
      id: serverId,
      manage_state: 'in-use',
      last_evidence: { says: expect.any(String) },
      under_way: null,
    });
    const moves = readLines(bytes, 'history.jsonl');
    expect(moves).toContainEqual(
      expect.objectContaining({ serverId: id, operation: 'stop', status: 'failed' }),
    );
    expect(readLines(bytes, 'events.jsonl')).toContainEqual(
      expect.objectContaining({ event_id: 'operation-failed', resource_id: serverId }),
    );
    const { body: hardware } = await cloud.call(
      'GET',
      `/v1/{p}/physicalservers/${serverId}/hardware-attributes`,
    );
    expect(JSON.parse(readFile(bytes, 'hardware.json'))).toEqual(hardware);
    expect((await start(serverId)).body.export_id).not.toBe(exportId);
  });

  it('stays as it was when it was asked for', async () => {
    const serverId = await dc.takeIdle();
    const { export_id: exportId } = (await start(serverId)).body;
    const before = await download(serverId, exportId);
    await dc.power('power on', [serverId]);
    await dc.rest(serverId);
    expect((await download(serverId, exportId)).bytes.equals(before.bytes)).toBe(true);
  });

  it('is named by the serial number, whatever is in it', async () => {
    const serverId = await dc.takeIdle();
    await cloud.sql.query(
      `update nodes set inventory = '{"serialNumber": "S/1\\r\\nx: y", "parts": {}}' where id = $1`,
      [serverId],
    );
    const { headers } = await download(serverId, (await start(serverId)).body.export_id);
    expect(headers.get('content-disposition')).toBe('attachment; filename=S_1__x__y-dump.tar.gz');
  });

  it('says why it holds no hardware when the BMC is away', async () => {
    const serverId = await dc.takeIdle();
    await cloud.sql.query('delete from simulated_machines where node_id = $1', [serverId]);
    const { bytes } = await download(serverId, (await start(serverId)).body.export_id);
    expect(readFile(bytes, 'hardware.txt')).toContain('There is no simulated machine');
  });

  it('is kept with the four before it', async () => {
    const serverId = await dc.takeIdle();
    const ids: string[] = [];
    for (let at = 0; at < 6; at++) ids.push((await start(serverId)).body.export_id);
    const statuses = await Promise.all(ids.map(async (id) => (await exportOf(serverId, id)).status));
    expect(statuses).toEqual([404, 200, 200, 200, 200, 200]);
  });

  it('belongs to its machine and project', async () => {
    const [serverId, other] = [await dc.takeIdle(), await dc.takeIdle()];
    const { export_id: exportId } = (await start(serverId)).body;
    expect(await exportOf(other, exportId)).toMatchObject(unknown);
    for (const nothing of [randomUUID(), 'latest']) {
      expect(await exportOf(serverId, nothing)).toMatchObject(unknown);
      expect(await start(nothing)).toMatchObject(unknown);
    }
    const projectId = randomBytes(16).toString('hex');
    const token = await tokenFor(cloud, 'member', projectId);
    const path = `/v1/${projectId}/physicalservers/${serverId}/logs/exports/${exportId}`;
    for (const wish of [path, `${path}/content`]) {
      expect(await cloud.call('GET', wish, undefined, { 'x-auth-token': token })).toMatchObject(unknown);
    }
  });

  it('tells a project nothing of the tenants before it', async () => {
    const id = await dc.running();
    const { server_id: serverId } = await dc.instance(id);
    await dc.power('power off', [serverId]);
    await dc.rest(id);
    await cloud.call('DELETE', `/v1/{p}/instances/${id}`);
    await dc.rest(id);
    const projectId = randomBytes(16).toString('hex');
    const token = await tokenFor(cloud, 'member', projectId);
    await cloud.sql.query('update nodes set project_id = $1 where id = $2', [projectId, serverId]);
    const path = `/v1/${projectId}/physicalservers/${serverId}/logs/exports`;
    const made = await cloud.call('POST', path, undefined, { 'x-auth-token': token });
    const response = await fetch(`${cloud.origin}${path}/${made.body.export_id}/content`, {
      headers: { 'x-auth-token': token },
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(readLines(bytes, 'history.jsonl')).toEqual([]);
    expect(readFile(bytes, 'machine.json')).not.toContain(id);
  });
});
