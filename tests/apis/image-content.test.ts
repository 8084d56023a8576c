/** Bytes of images: what comes in is checked, converted once, kept once, and given back as it came. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageContents } from '../../src/store/image-contents.ts';
import { openDatabase, type Database } from '../../src/store/database.ts';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { addImage, getBytes, hash, makeDisk, putBytes, showImage, toFormat } from '../support/images.ts';

let cloud: Cloud;
let database: Database;
beforeAll(async () => {
  cloud = await startCloud({ INGOT_IMAGE_LARGEST_GB: String(16 / 1024) });
  database = await openDatabase(cloud.databaseUrl, { onError: () => undefined });
});
afterAll(async () => {
  await database.close();
  await cloud.close();
});

const folder = () => join(cloud.ingot.folder, 'images');
const files = async (room = '') =>
  (await readdir(join(folder(), room))).filter((name) => !['incoming', 'staged'].includes(name));
const findContent = (id: string) => imageContents(database.sql, (sha256) => join(folder(), sha256)).find(id);

const unpack = { raw: (bytes: Buffer) => bytes, gzip: gunzipSync, zstd: zstdDecompressSync };

/** What a machine would get on its disk. */
async function diskOf(id: string): Promise<Buffer> {
  const content = (await findContent(id))!;
  const packed = await readFile(content.path);
  expect(hash('sha256', packed)).toBe(content.sha256);
  expect(packed).toHaveLength(content.sizeBytes);
  const disk = unpack[content.form](packed);
  expect(disk).toHaveLength(content.rawSizeBytes);
  return disk;
}

async function upload(bytes: Buffer, fields: Record<string, unknown> = {}): Promise<string> {
  const { id } = await addImage(cloud, fields);
  expect(await putBytes(cloud, id, bytes)).toEqual({ status: 204, text: '' });
  return id;
}

describe('an upload', () => {
  it('makes a queued image active, with the hashes of what came', async () => {
    const disk = makeDisk();
    const made = await addImage(cloud, { min_disk: 1, os_distro: 'debian', tags: ['blue'] });
    expect(made).toMatchObject({ status: 'queued', size: null, checksum: null, visibility: 'shared' });
    expect(made).toMatchObject({ ingot_content: 'none', os_distro: 'debian', tags: ['blue'] });
    await putBytes(cloud, made.id, disk);
    expect(await showImage(cloud, made.id)).toMatchObject({
      status: 'active',
      size: disk.length,
      virtual_size: disk.length,
      checksum: hash('md5', disk),
      os_hash_algo: 'sha512',
      os_hash_value: hash('sha512', disk),
      ingot_content: 'zstd',
    });
    expect((await diskOf(made.id)).equals(disk)).toBe(true);
  });

  it('may be of any size and need not tell it', async () => {
    const chunks = Array.from({ length: 3 }, makeDisk);
    const { id } = await addImage(cloud);
    const { status } = await putBytes(cloud, id, Readable.toWeb(Readable.from(chunks)) as ReadableStream);
    expect(status).toBe(204);
    expect((await diskOf(id)).equals(Buffer.concat(chunks))).toBe(true);
  });

  it.each(['qcow2', 'vmdk', 'vdi', 'vhdx'])(
    'of a %s becomes a raw disk, and is given back as it came',
    async (format) => {
      const disk = makeDisk();
      const bytes = await toFormat(disk, format);
      const id = await upload(bytes, { disk_format: format });
      expect((await diskOf(id)).subarray(0, disk.length).equals(disk)).toBe(true);
      expect(await showImage(cloud, id)).toMatchObject({ disk_format: format, checksum: hash('md5', bytes) });
      const got = await getBytes(cloud, id);
      expect(got.bytes.equals(bytes)).toBe(true);
      expect(got.response.headers.get('content-md5')).toBe(hash('md5', bytes));
    },
  );

  it.each([
    ['gzip', 'is packed anew, once, as machines unpack it best', gzipSync, 2],
    ['zstd', 'stays as it is', zstdCompressSync, 1],
  ] as const)('of a raw disk that is packed with %s %s', async (_form, _what, pack, kept) => {
    const disk = makeDisk();
    const packed = pack(disk);
    const before = await files();
    const id = await upload(packed);
    expect(await files()).toHaveLength(before.length + kept);
    expect(await files('incoming')).toEqual([]);
    expect((await findContent(id))!.form).toBe('zstd');
    expect((await diskOf(id)).equals(disk)).toBe(true);
    // Whoever registered it is told of the bytes that were sent, and gets them back.
    expect(await showImage(cloud, id)).toMatchObject({
      size: packed.length,
      virtual_size: disk.length,
      checksum: hash('md5', packed),
      os_hash_value: hash('sha512', packed),
      ingot_content: 'zstd',
    });
    expect((await getBytes(cloud, id)).bytes.equals(packed)).toBe(true);
  });

  it('of a disk that came unpacked and packed with gzip gives machines one file', async () => {
    const disk = makeDisk();
    const [plain, packed] = [await upload(disk), await upload(gzipSync(disk))];
    expect((await findContent(packed))!.sha256).toBe((await findContent(plain))!.sha256);
  });

  it('of the same bytes is kept once', async () => {
    const disk = makeDisk();
    const first = await upload(disk);
    const before = await files();
    const second = await upload(disk);
    expect(await files()).toEqual(before);
    await cloud.call('DELETE', `/image/v2/images/${first}`);
    expect((await diskOf(second)).equals(disk)).toBe(true);
  });

  it('is given back in whole or by a range', async () => {
    const disk = makeDisk();
    const id = await upload(disk);
    const whole = await getBytes(cloud, id);
    expect(whole.bytes.equals(disk)).toBe(true);
    expect(whole.response.headers.get('content-length')).toBe(String(disk.length));
    const qcow2 = await toFormat(disk, 'qcow2');
    const kept = await upload(qcow2, { disk_format: 'qcow2' });
    const part = await getBytes(cloud, kept, { range: 'bytes=4-99' });
    expect(part.response.status).toBe(206);
    expect(part.response.headers.get('content-range')).toBe(`bytes 4-99/${qcow2.length}`);
    expect(part.bytes.equals(qcow2.subarray(4, 100))).toBe(true);
    expect((await getBytes(cloud, kept, { range: 'bytes=-10' })).bytes.equals(qcow2.subarray(-10))).toBe(
      true,
    );
    const beyond = await getBytes(cloud, kept, { range: `bytes=${qcow2.length}-` });
    expect(beyond.response.status).toBe(416);
  });
});

describe('an upload is refused', () => {
  /** The image waits for bytes again, and nothing is left of those that came. */
  async function refusal(
    bytes: Buffer,
    fields: Record<string, unknown> = {},
    headers: Record<string, string> = {},
  ) {
    const before = await files();
    const { id } = await addImage(cloud, fields);
    const { status, text } = await putBytes(cloud, id, bytes, { headers });
    expect(await showImage(cloud, id)).toMatchObject({ status: 'queued', ingot_content: 'none' });
    expect(await files()).toEqual(before);
    expect(await files('incoming')).toEqual([]);
    return { status, message: JSON.parse(text).message as string };
  }

  it('when it is larger than images may be', async () => {
    const large = Buffer.alloc(17 * 2 ** 20, 1);
    expect(await refusal(large)).toMatchObject({ status: 413 });
    const bomb = await refusal(gzipSync(large));
    expect(bomb).toMatchObject({ status: 400, message: expect.stringContaining('larger than') });
    const hollow = await toFormat(Buffer.alloc(17 * 2 ** 20), 'qcow2');
    expect(await refusal(hollow, { disk_format: 'qcow2' })).toMatchObject({
      status: 400,
      message: expect.stringMatching(/has 17825792 bytes; the largest/),
    });
  });

  it('when it is not what it is said to be', async () => {
    const disk = makeDisk();
    const qcow2 = await toFormat(disk, 'qcow2');
    expect((await refusal(qcow2)).message).toBe('The image was registered as raw, but its bytes are qcow2.');
    expect((await refusal(disk, { disk_format: 'qcow2' })).message).toMatch(
      /as qcow2, but its bytes are raw/,
    );
    expect((await refusal(gzipSync(qcow2))).message).toMatch(/packed qcow2/);
    expect((await refusal(gzipSync(disk).subarray(0, -2_000))).message).toMatch(/does not unpack/);
    expect((await refusal(Buffer.alloc(0))).message).toBe('The image is empty.');
    expect((await refusal(qcow2.subarray(0, 70_000), { disk_format: 'qcow2' })).status).toBe(400);
  });

  it('when it names other files of the host', async () => {
    const disk = makeDisk();
    const backed = await toFormat(disk, 'qcow2');
    backed.writeBigUInt64BE(512n, 8);
    backed.writeUInt32BE(11, 16);
    backed.write('/etc/passwd', 512);
    expect((await refusal(backed, { disk_format: 'qcow2' })).message).toMatch(/backing file/);
    const outside = await toFormat(disk, 'qcow2');
    outside.writeBigUInt64BE(outside.readBigUInt64BE(72) | 4n, 72);
    expect((await refusal(outside, { disk_format: 'qcow2' })).message).toMatch(/external data file/);
    const descriptor = Buffer.from(
      '# Disk DescriptorFile\nversion=1\ncreateType="monolithicFlat"\nRW 8 FLAT "/etc/passwd" 0\n',
    );
    expect((await refusal(descriptor, { disk_format: 'vmdk' })).message).toMatch(/vmdk-descriptor/);
    const split = await toFormat(disk, 'vmdk');
    split.write('"twoGbMaxExtentSparse"'.slice(0, 18), split.indexOf('"monolithicSparse"'));
    expect((await refusal(split, { disk_format: 'vmdk' })).message).toMatch(/vmdk image of type/);
    const bare = await toFormat(disk, 'vmdk');
    bare.writeBigUInt64LE(0n, 12);
    expect((await refusal(bare, { disk_format: 'vmdk' })).message).toMatch(/without a descriptor of its own/);
  });

  it('when its hash is another than was said', async () => {
    const disk = makeDisk();
    const wrong = `sha-256=:${Buffer.from(hash('sha256', Buffer.from('x')), 'hex').toString('base64')}:`;
    expect((await refusal(disk, {}, { 'content-digest': wrong })).message).toMatch(
      /The sha256 of the bytes is/,
    );
    expect((await refusal(disk, {}, { 'content-md5': hash('md5', Buffer.from('x')) })).status).toBe(400);
    expect((await refusal(disk, {}, { 'content-digest': 'sha-1=:abc:' })).status).toBe(400);
    const right = `sha-256=:${Buffer.from(hash('sha256', disk), 'hex').toString('base64')}:`;
    const { id } = await addImage(cloud);
    expect((await putBytes(cloud, id, disk, { headers: { 'content-digest': right } })).status).toBe(204);
  });

  it('to an image that has bytes, has no format, is unknown or is somebody else’s', async () => {
    const id = await upload(makeDisk());
    expect((await putBytes(cloud, id, makeDisk())).status).toBe(409);
    const bare = (await cloud.call('POST', '/image/v2/images', { name: 'bare' })).body;
    expect((await putBytes(cloud, bare.id, makeDisk())).status).toBe(400);
    expect((await putBytes(cloud, '01900000-0000-7000-8000-00000000000f', makeDisk())).status).toBe(404);
    const { id: open } = await addImage(cloud);
    const asText = await putBytes(cloud, open, 'text', { headers: { 'content-type': 'text/plain' } });
    expect(asText.status).toBe(415);
    const nobody = await putBytes({ ...cloud, token: 'nobody' }, open, makeDisk());
    expect(nobody.status).toBe(401);
  });

  it('when the sender goes away in the middle', async () => {
    const { id } = await addImage(cloud);
    const gone = new AbortController();
    const drip = async function* () {
      yield makeDisk();
      await cloud.until(
        () => showImage(cloud, id),
        ({ status }) => status === 'saving',
      );
      gone.abort();
      yield makeDisk();
    };
    const sent = fetch(`${cloud.origin}/image/v2/images/${id}/file`, {
      method: 'PUT',
      headers: { 'x-auth-token': cloud.token, 'content-type': 'application/octet-stream' },
      body: Readable.toWeb(Readable.from(drip())) as ReadableStream,
      duplex: 'half',
      signal: gone.signal,
    });
    await expect(sent).rejects.toThrow();
    await cloud.until(
      () => showImage(cloud, id),
      ({ status }) => status === 'queued',
    );
    expect(await files('incoming')).toEqual([]);
    expect((await putBytes(cloud, id, makeDisk())).status).toBe(204);
  });
});

it('bytes that are staged become an image when they are imported', async () => {
  const disk = makeDisk();
  const { id } = await addImage(cloud);
  expect(
    (await cloud.call('POST', `/image/v2/images/${id}/import`, { method: { name: 'glance-direct' } })).status,
  ).toBe(409);
  expect(await putBytes(cloud, id, disk, { room: 'stage' })).toEqual({ status: 204, text: '' });
  expect(await showImage(cloud, id)).toMatchObject({ status: 'uploading' });
  const { status } = await cloud.call('POST', `/image/v2/images/${id}/import`, {
    method: { name: 'glance-direct' },
  });
  expect(status).toBe(202);
  await cloud.until(
    () => showImage(cloud, id),
    (image) => image.status === 'active',
  );
  expect((await diskOf(id)).equals(disk)).toBe(true);
  expect(await files('staged')).toEqual([]);
  const { body } = await cloud.call('GET', `/image/v2/images/${id}/tasks`);
  expect(body.tasks).toMatchObject([{ type: 'api_image_import', status: 'success', image_id: id }]);
});

it('an image without bytes has none to give, and none for a machine', async () => {
  const seeded = (await cloud.call('GET', '/image/v2/images?name=Debian 12 for BMS')).body.images[0];
  expect((await getBytes(cloud, seeded.id)).response.status).toBe(204);
  expect(await findContent(seeded.id)).toBeNull();
});

it('a stop does not wait for an upload that has fallen silent', async () => {
  const other = await startCloud({ INGOT_SIM_NODES: '0' });
  const { id } = await addImage(other);
  const silent = async function* () {
    yield makeDisk();
    await new Promise(() => undefined);
  };
  const sent = putBytes(other, id, Readable.toWeb(Readable.from(silent())) as ReadableStream).catch(
    () => null,
  );
  await other.until(
    () => showImage(other, id),
    ({ status }) => status === 'saving',
  );
  await other.close();
  expect(await sent).toSatisfy(
    (answer: { status: number } | null) => answer === null || answer.status === 503,
  );
});
