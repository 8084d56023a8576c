/** Images by URL: durable work that ends, one way or the other. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { startOrigin } from '../support/image-origin.ts';
import { addImage, hash, makeDisk, showImage, toFormat } from '../support/images.ts';

let cloud: Cloud;
let closed: Cloud;
beforeAll(async () => {
  cloud = await startCloud({ INGOT_IMAGE_ALLOW_PRIVATE: 'yes', INGOT_IMAGE_LARGEST_GB: String(16 / 1024) });
  closed = await startCloud({ INGOT_SIM_NODES: '0' });
});
afterAll(() => Promise.all([cloud.close(), closed.close()]));

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function origin(...answer: Parameters<typeof startOrigin>) {
  const made = await startOrigin(...answer);
  closers.push(() => made.close());
  return made;
}

const importFrom = (where: Cloud, id: string, uri: string, more: object = {}) =>
  where.call('POST', `/image/v2/images/${id}/import`, { method: { name: 'web-download', uri, ...more } });

const end = (where: Cloud, id: string) =>
  where.until(
    () => showImage(where, id),
    ({ status }) => status !== 'importing',
  );

async function imported(uri: string, fields: object = {}, more: object = {}) {
  const { id } = await addImage(cloud, { ...fields });
  expect(await importFrom(cloud, id, uri, more)).toMatchObject({ status: 202 });
  return end(cloud, id);
}

it('an image is fetched, held against its hash, converted, and used', async () => {
  const disk = makeDisk();
  const qcow2 = await toFormat(disk, 'qcow2');
  const { url } = await origin((_, response) => response.end(qcow2));
  const more = { hash_algo: 'sha256', hash_value: hash('sha256', qcow2).toUpperCase() };
  const image = await imported(`${url}/disk.qcow2`, { disk_format: 'qcow2', name: 'fetched' }, more);
  expect(image).toMatchObject({ status: 'active', checksum: hash('md5', qcow2), virtual_size: disk.length });
  const flavors = (await cloud.call('GET', '/v2.1/{p}/flavors')).body.flavors;
  const server = { name: 'box', imageRef: image.id, flavorRef: flavors[0].id };
  expect((await cloud.call('POST', '/v2.1/{p}/servers', { server })).status).toBe(202);
});

it('nothing is made from an image that is not active', async () => {
  const { id } = await addImage(cloud);
  const flavors = (await cloud.call('GET', '/v2.1/{p}/flavors')).body.flavors;
  const server = { name: 'box', imageRef: id, flavorRef: flavors[0].id };
  const nova = await cloud.call('POST', '/v2.1/{p}/servers', { server });
  expect(nova.status).toBe(400);
  expect(nova.body.badRequest.message).toMatch(/is queued, not active/);
  const [network] = (await cloud.call('GET', '/network/v2.0/networks')).body.networks;
  const vpc = await cloud.sql.query<{ vpc_id: string }>('select vpc_id from networks where id = $1', [
    network.id,
  ]);
  const bms = await cloud.call('POST', '/v1/{p}/baremetalservers', {
    server: {
      ...server,
      flavorRef: flavors[0].id,
      vpcid: vpc.rows[0]!.vpc_id,
      nics: [{ subnet_id: network.id }],
      availability_zone: 'eu-de-01',
      adminPass: 'Wr0ng-Horse_42',
      extendparam: {},
    },
  });
  expect(bms).toMatchObject({ status: 400, body: { error: { code: 'BMS.0011' } } });
});

it('what answers wrongly for a while is asked again, and how far it is can be seen', async () => {
  const disk = makeDisk();
  const waiting: ServerResponse[] = [];
  const { url, asked } = await origin((_, response, count) => {
    if (count === 1) {
      response.writeHead(503).end();
      return;
    }
    response.writeHead(200, { 'content-length': String(disk.length) });
    response.write(disk.subarray(0, 1_000));
    waiting.push(response);
  });
  const { id } = await addImage(cloud);
  await importFrom(cloud, id, `${url}/disk`);
  const tasks = async () => (await cloud.call('GET', `/image/v2/images/${id}/tasks`)).body.tasks;
  const [task] = await cloud.until(tasks, ([first]) => first.ingot_received === 1_000);
  expect(task).toMatchObject({ status: 'processing', ingot_total: disk.length, ingot_attempt: 2 });
  expect(task.message).toMatch(/answered 503.*attempt 1 of/);
  waiting[0]!.end(disk.subarray(1_000));
  expect(await end(cloud, id)).toMatchObject({ status: 'active', size: disk.length });
  expect(asked).toHaveLength(2);
});

it.each([
  [
    'a page that is not there',
    (_: IncomingMessage, response: ServerResponse) => response.writeHead(404).end(),
    /answered 404/,
  ],
  [
    'more bytes than an image may have',
    (_: IncomingMessage, response: ServerResponse) => response.end(Buffer.alloc(17 * 2 ** 20)),
    /larger than the 16777216 bytes/,
  ],
  ['nothing', (_: IncomingMessage, response: ServerResponse) => response.end(), /The image is empty/],
] as const)('%s kills the image, which says why', async (_, answer, reason) => {
  const { url } = await origin(answer);
  const image = await imported(url);
  expect(image).toMatchObject({ status: 'killed', ingot_failure: expect.stringMatching(reason) });
  const [task] = (await cloud.call('GET', `/image/v2/images/${image.id}/tasks`)).body.tasks;
  expect(task).toMatchObject({ status: 'failure', message: image.ingot_failure });
  expect((await cloud.call('DELETE', `/image/v2/images/${image.id}`)).status).toBe(204);
});

it('a wrong hash kills the image', async () => {
  const { url } = await origin((_, response) => response.end(makeDisk()));
  const image = await imported(url, {}, { hash_algo: 'md5', hash_value: '0'.repeat(32) });
  expect(image).toMatchObject({
    status: 'killed',
    ingot_failure: expect.stringMatching(/The md5 of the bytes is/),
  });
});

it('an image that is deleted meanwhile is not fetched on', async () => {
  const closedBy: Promise<void>[] = [];
  const { url } = await origin((_, response) => {
    response.writeHead(200, { 'content-length': '1000000' });
    response.write('a');
    closedBy.push(new Promise((resolve) => response.once('close', () => resolve())));
  });
  const { id } = await addImage(cloud);
  await importFrom(cloud, id, url);
  await cloud.until(
    async () => closedBy.length,
    (count) => count > 0,
  );
  expect((await cloud.call('DELETE', `/image/v2/images/${id}`)).status).toBe(204);
  await closedBy[0];
});

it('private addresses are refused unless the setting allows them', async () => {
  const { url, asked } = await origin((_, response) => response.end(makeDisk()));
  const { id } = await addImage(closed);
  const refused = await importFrom(closed, id, `${url}/disk`);
  expect(refused).toMatchObject({
    status: 403,
    body: { message: expect.stringMatching(/INGOT_IMAGE_ALLOW_PRIVATE/) },
  });
  // A name is looked up when it is fetched.
  expect(await importFrom(closed, id, url.replace('127.0.0.1', 'localhost'))).toMatchObject({ status: 202 });
  expect(await end(closed, id)).toMatchObject({
    status: 'killed',
    ingot_failure: expect.stringMatching(/^localhost is not/),
  });
  expect(asked).toEqual([]);
});

it.each([
  [{ name: 'web-download' }, 400],
  [{ name: 'web-download', uri: 'ftp://example.org/x' }, 400],
  [{ name: 'web-download', uri: 'https://a:b@example.org/x' }, 400],
  [{ name: 'copy-image' }, 400],
  [{ name: 'glance-direct' }, 409],
  [{ name: 'web-download', uri: 'https://images.invalid/x', hash_algo: 'crc32', hash_value: '0' }, 400],
  [{ name: 'web-download', uri: 'https://images.invalid/x', hash_algo: 'sha256', hash_value: 'zz' }, 400],
  [{ name: 'web-download', uri: 'https://images.invalid/x', hash_value: 'ab' }, 400],
  ['web-download', 400],
])('an import as %j is refused with %i', async (method, statusCode) => {
  const { id } = await addImage(cloud);
  const { status, body } = await cloud.call('POST', `/image/v2/images/${id}/import`, { method });
  expect({ status, code: body.code.slice(0, 3) }).toEqual({ status: statusCode, code: String(statusCode) });
  expect(await showImage(cloud, id)).toMatchObject({ status: 'queued' });
});
