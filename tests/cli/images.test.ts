/** `ingot image …` against a running Ingot, as a process of its own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { toLine } from '../../src/cli/progress.ts';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { byToken, runIngot } from '../support/command.ts';
import { startOrigin } from '../support/image-origin.ts';
import { hash, makeDisk, toFormat } from '../support/images.ts';

let cloud: Cloud;
let folder: string;
beforeAll(async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '0', INGOT_IMAGE_ALLOW_PRIVATE: 'yes' });
  folder = await mkdtemp(join(tmpdir(), 'ingot-cli-'));
});
afterAll(async () => {
  await cloud.close();
  await rm(folder, { recursive: true, force: true });
});

const ingot = (...words: string[]) => runIngot(['image', ...words], byToken(cloud), folder);

// eslint-disable-next-line @typescript-eslint/no-explicit-any
async function json(...words: string[]): Promise<any> {
  const { code, out, errors } = await ingot(...words, '--json');
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  return JSON.parse(out);
}

it('uploads a file, shows it, and removes it', async () => {
  const disk = makeDisk();
  const qcow2 = await toFormat(disk, 'qcow2');
  await writeFile(join(folder, 'disk.qcow2'), qcow2);
  const sha256 = `sha256:${hash('sha256', qcow2)}`;
  const made = await json('add', 'mine', '--file', 'disk.qcow2', '--hash', sha256, '--min-disk', '10');
  expect(made).toMatchObject({ status: 'active', disk_format: 'qcow2', min_disk: 10, visibility: 'private' });
  const { out } = await ingot('list');
  expect(out).toMatch(/^NAME +ID +STATUS +FORMAT +SIZE +DISK +CONTENT +VISIBILITY/);
  expect(out).toMatch(/mine +\S+ +active +qcow2 .* 1\.0 MB +zstd +private/);
  expect(out).toMatch(/Debian 12 for BMS .* none +public/);
  expect(await json('show', 'mine')).toMatchObject({ id: made.id, imports: [] });
  expect((await ingot('remove', 'mine')).out).toBe('mine is removed.\n');
  expect((await ingot('show', 'mine')).errors).toMatch(/There is no image named mine/);
});

it('has an image fetched from a URL, and waits for it', async () => {
  const disk = makeDisk();
  const { url, close } = await startOrigin((_, response) => response.end(disk));
  const made = await json('add', 'fetched', '--url', `${url}/disk.img`, '--hash', `md5:${hash('md5', disk)}`);
  expect(made).toMatchObject({ status: 'active', disk_format: 'raw', size: disk.length });
  expect((await ingot('show', 'fetched')).out).toMatch(/imports +success/);
  await close();
});

it('leaves nothing of an image that does not come in', async () => {
  const { url, close } = await startOrigin((_, response) => response.writeHead(404).end());
  const absent = await ingot('add', 'bad', '--url', `${url}/disk.img`);
  expect(absent).toMatchObject({ code: 1, errors: expect.stringMatching(/answered 404/) });
  await writeFile(join(folder, 'text.qcow2'), 'text');
  const wrong = await ingot('add', 'bad', '--file', 'text.qcow2');
  expect(wrong).toMatchObject({
    code: 1,
    errors: expect.stringMatching(/registered as qcow2, but its bytes are raw/),
  });
  expect((await json('list')).map(({ name }: { name: string }) => name)).not.toContain('bad');
  await close();
});

it.each([
  [['add', 'x'], /Give either --url or --file/],
  [['add', 'x', '--url', 'a', '--file', 'b'], /Give either --url or --file/],
  [['add', 'x', '--url', 'nowhere'], /is no URL/],
  [['add', 'x', '--file', 'absent.raw'], /ENOENT/],
  [['add', 'x', '--url', 'http://127.0.0.1/x', '--hash', 'crc:1'], /--hash is md5/],
  [['remove', 'nothing'], /There is no image named nothing/],
])('says what is wrong with %j', async (words, reason) => {
  expect(await ingot(...words)).toMatchObject({ code: 1, errors: expect.stringMatching(reason) });
});

it('draws how far it is', () => {
  expect(toLine('fetching', 500e6, 1e9, 5)).toBe(
    'fetching [############            ]  50 %  500.0 MB of 1.0 GB, 100.0 MB/s',
  );
  expect(toLine('fetching', 500, null, 1)).toBe('fetching 500 bytes, 500 bytes/s');
  expect(toLine('checking and packing', 0, null, 1)).toBe('checking and packing');
});
