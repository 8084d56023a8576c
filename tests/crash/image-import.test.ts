/** A process that is killed while bytes of an image come in: an import goes on, an upload leaves a queued image. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, expect, it } from 'vitest';
import pg from 'pg';
import { connect, type Cloud } from '../support/cloud.ts';
import { createDatabase } from '../support/database.ts';
import { startOrigin } from '../support/image-origin.ts';
import { makeDisk } from '../support/images.ts';
import { startServer } from './process.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

it('an import goes on in the next process, an upload can be made again', { timeout: 120_000 }, async () => {
  const database = await createDatabase();
  const sql = new pg.Pool({ connectionString: database.url, max: 2 });
  sql.on('error', () => undefined);
  const folder = await mkdtemp(join(tmpdir(), 'ingot-images-'));
  closers.push(
    () => database.drop(),
    () => sql.end(),
    () => rm(folder, { recursive: true, force: true }),
  );
  const env = { INGOT_SIM_NODES: '0', INGOT_IMAGE_ALLOW_PRIVATE: 'yes', INGOT_IMAGE_FOLDER: folder };
  const disk = makeDisk();
  const answers: ServerResponse[] = [];
  const origin = await startOrigin((_, response) => {
    response.writeHead(200, { 'content-length': String(disk.length) });
    response.write(disk.subarray(0, 5_000));
    answers.push(response);
  });
  closers.push(() => origin.close());

  const first = await startServer(database.url, env);
  const before = await connect(first.origin, sql);
  const add = async () =>
    (
      await before.call('POST', '/image/v2/images', {
        name: 'x',
        disk_format: 'raw',
        container_format: 'bare',
      })
    ).body.id;
  const [fetched, uploaded] = [await add(), await add()];
  await before.call('POST', `/image/v2/images/${fetched}/import`, {
    method: { name: 'web-download', uri: `${origin.url}/disk` },
  });
  const drip = async function* () {
    yield disk.subarray(0, 5_000);
    await new Promise(() => undefined);
  };
  const upload = fetch(`${first.origin}/image/v2/images/${uploaded}/file`, {
    method: 'PUT',
    headers: { 'x-auth-token': before.token, 'content-type': 'application/octet-stream' },
    body: Readable.toWeb(Readable.from(drip())) as ReadableStream,
    duplex: 'half',
  }).catch(() => 'broken');
  const show = async ({ call }: Pick<Cloud, 'call'>, id: string) =>
    (await call('GET', `/image/v2/images/${id}`)).body;
  const incoming = () => readdir(join(folder, 'incoming'));
  await before.until(incoming, (files) => files.length === 2);
  expect(await show(before, uploaded)).toMatchObject({ status: 'saving' });
  await first.kill();
  expect(await upload).toBe('broken');

  const second = await startServer(database.url, env);
  closers.push(() => second.kill());
  expect(await incoming()).toEqual([]);
  // So that the test need not wait for the leases of the dead to run out.
  await sql.query(`update image_transfers set lease_until = now() where ended_at is null`);
  const after = await connect(second.origin, sql);
  await after.until(
    async () => answers.length,
    (count) => count === 2,
  );
  answers[1]!.end(disk.subarray(5_000));
  const image = await after.until(
    () => show(after, fetched),
    ({ status }) => status !== 'importing',
  );
  expect(image).toMatchObject({ status: 'active', size: disk.length });
  await after.until(
    () => show(after, uploaded),
    ({ status }) => status === 'queued',
  );
  const again = await fetch(`${second.origin}/image/v2/images/${uploaded}/file`, {
    method: 'PUT',
    headers: { 'x-auth-token': after.token, 'content-type': 'application/octet-stream' },
    body: disk,
  });
  expect(again.status).toBe(204);
  expect((await readdir(folder)).filter((name) => name.length === 64)).toHaveLength(1);
});
