/** Bytes of images on their way, and the files that they end in. */
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ImageFiles, ImageTransfers, Imported, ReadyFile } from '../../src/core/image-transfer.ts';
import type { Images } from '../../src/core/image.ts';
import { imageTransfers } from '../../src/store/image-transfers.ts';
import { images as openImages } from '../../src/store/images.ts';
import type { Store } from '../support/store.ts';

const [me, other] = [randomUUID(), randomUUID()];
const leaseMs = 60_000;

export function images(the: () => Store): void {
  describe('an image’s bytes', () => {
    let records: Images;
    let transfers: ImageTransfers;
    /** Names in the folder. */
    let folder: Set<string>;
    beforeEach(() => {
      folder = new Set();
      const files = {
        keep: async ({ sha256 }: ReadyFile) => void folder.add(sha256),
        remove: async (sha256: string) => void folder.delete(sha256),
        listOlderThan: async () => [...folder],
      };
      records = openImages(the().database.sql);
      transfers = imageTransfers(the().database.sql, files as unknown as ImageFiles);
    });

    async function makeImage(): Promise<string> {
      const { id } = await records.create({
        id: randomUUID(),
        projectId: the().projectId,
        name: 'x',
        osType: 'Linux',
        osBits: 64,
        status: 'queued',
        visibility: 'private',
        isProtected: false,
        isHidden: false,
        tags: [],
        diskFormat: 'raw',
        containerFormat: 'bare',
        minDiskGb: 0,
        minRamMib: 0,
        properties: {},
      });
      return id;
    }

    async function open(imageId: string, method: 'upload' | 'stage' | 'web-download'): Promise<string> {
      const id = randomUUID();
      const uri = method === 'web-download' ? 'http://example.org/x' : null;
      const who = { userId: 'u', requestId: 'r' };
      await transfers.open({ id, imageId, ...who, method, uri, expected: null }, me, leaseMs);
      return id;
    }

    const file = (sign: string): ReadyFile => ({
      path: '/nowhere',
      sha256: sign.repeat(64),
      sizeBytes: 10,
      form: 'zstd',
      rawSizeBytes: 20,
    });
    const imported = (disk: string, source: string | null): Imported => ({
      sizeBytes: 20,
      md5: 'm',
      sha256: 's',
      sha512: 'S',
      disk: file(disk),
      source: source === null ? null : file(source),
    });
    const statusOf = async (id: string) => (await records.find(id, null))?.status;
    const expire = () =>
      the().database.pool.query(`update image_transfers set lease_until = now() - interval '1 second'`);

    async function upload(disk: string, source: string | null = null): Promise<string> {
      const image = await makeImage();
      await transfers.complete(await open(image, 'upload'), me, imported(disk, source));
      return image;
    }

    it('come in once at a time, and by one process', async () => {
      const image = await makeImage();
      const id = await open(image, 'upload');
      expect(await statusOf(image)).toBe('saving');
      await expect(open(image, 'upload')).rejects.toThrow(/from saving to saving is not allowed/);
      expect(await transfers.complete(id, other, imported('a', null))).toBe(false);
      expect(await transfers.report(id, other, { received: 1, total: null }, leaseMs)).toBe(false);
      expect(await transfers.report(id, me, { received: 1, total: 2 }, leaseMs)).toBe(true);
      expect(await transfers.complete(id, me, imported('a', 'b'))).toBe(true);
      expect(await records.find(image, null)).toMatchObject({
        status: 'active',
        sizeBytes: 20,
        md5: 'm',
        disk: { sha256: 'a'.repeat(64), form: 'zstd', sizeBytes: 10, rawSizeBytes: 20 },
      });
      expect(await transfers.storedBytes()).toBe(20);
      expect(await transfers.complete(id, me, imported('c', null))).toBe(false);
    });

    it('that a request carried are waited for again when it fails, or its process is gone', async () => {
      const image = await makeImage();
      await transfers.fail(await open(image, 'upload'), me, 'no');
      expect(await statusOf(image)).toBe('queued');
      const id = await open(image, 'stage');
      expect(await transfers.endAbandoned()).toBe(0);
      await expire();
      expect(await transfers.endAbandoned()).toBe(1);
      expect(await statusOf(image)).toBe('queued');
      expect(await transfers.completeStage(id, me)).toBe(false);
    });

    it('that are imported are claimed by one process at a time, and by the next when it is gone', async () => {
      const image = await makeImage();
      const id = await open(image, 'web-download');
      expect(await transfers.claim(me, leaseMs)).toMatchObject({ id, attempt: 1, diskFormat: 'raw' });
      expect(await transfers.claim(other, leaseMs)).toBeNull();
      await expire();
      expect(await transfers.claim(other, leaseMs)).toMatchObject({ id, attempt: 2 });
      expect(await transfers.complete(id, me, imported('a', null))).toBe(false);
      await transfers.postpone(id, other, 'later', 60_000);
      expect(await transfers.claim(me, leaseMs)).toBeNull();
      await the().database.pool.query('update image_transfers set run_at = now()');
      await transfers.claim(me, leaseMs);
      await transfers.release(me);
      expect(await transfers.claim(other, leaseMs)).toMatchObject({ id, attempt: 3 });
      await transfers.fail(id, other, 'gone for good');
      expect(await records.find(image, null)).toMatchObject({ status: 'killed', failure: 'gone for good' });
      expect(await transfers.listOfImage(image)).toMatchObject([
        { succeeded: false, error: 'gone for good' },
      ]);
    });

    it('end with their image', async () => {
      const image = await makeImage();
      const id = await open(image, 'web-download');
      await transfers.claim(me, leaseMs);
      await records.remove(image, () => undefined);
      expect(await transfers.report(id, me, { received: 1, total: null }, leaseMs)).toBe(false);
      expect(await transfers.complete(id, me, imported('a', null))).toBe(false);
      expect(folder.size).toBe(0);
    });

    it('stay as long as an image names their file', async () => {
      const [first, second] = [await upload('a', 'b'), await upload('a')];
      await records.remove(first, () => undefined);
      expect(await transfers.collect(0)).toBe(1);
      expect([...folder]).toEqual(['a'.repeat(64)]);
      await records.remove(second, () => undefined);
      expect(await transfers.collect(60_000)).toBe(0);
      expect(await transfers.collect(0)).toBe(1);
      expect(folder.size).toBe(0);
      expect(await transfers.storedBytes()).toBe(0);
    });

    it('without a row are removed', async () => {
      await upload('a');
      folder.add('f'.repeat(64));
      expect(await transfers.collect(0)).toBe(1);
      expect([...folder]).toEqual(['a'.repeat(64)]);
    });
  });
}
