/** Fetching a URL: where it may lead, and what its failures are called. */
import type { lookup } from 'node:dns';
import { afterEach, describe, expect, it } from 'vitest';
import { createDownload, type DownloadOptions } from '../../src/images/download.ts';
import { isPublic } from '../../src/images/targets.ts';
import { startOrigin, type Origin } from '../support/image-origin.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const { signal } = new AbortController();

async function origin(...answer: Parameters<typeof startOrigin>): Promise<Origin> {
  const made = await startOrigin(...answer);
  closers.push(() => made.close());
  return made;
}

function download(options: DownloadOptions) {
  const made = createDownload(options);
  closers.push(() => made.close());
  return made;
}

async function read(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Names that lead where the test says, each time it is asked. */
const names = (...addresses: string[]) =>
  ((_: string, __: object, callback: (error: null, found: object[]) => void) => {
    callback(null, [{ address: addresses.length > 1 ? addresses.shift() : addresses[0], family: 4 }]);
  }) as unknown as typeof lookup;

describe('a private address', () => {
  it.each([
    'http://127.0.0.1/x',
    'http://[::1]/x',
    'http://[::ffff:127.0.0.1]/x',
    'http://2130706433/x',
    'http://0x7f.1/x',
    'http://0177.0.0.1/x',
    'http://169.254.169.254/latest/meta-data',
    'https://192.168.0.7/x',
  ])('is refused in %s before anything is asked', (url) => {
    expect(() => download({ isAllowed: isPublic }).check(url)).toThrow(/not in the public internet/);
  });

  it('is refused behind a name, for it is looked at when the connection is made', async () => {
    const inside = await origin((_, response) => response.end('secret'));
    const { fetch } = download({ isAllowed: isPublic, lookUp: names('127.0.0.1') });
    await expect(fetch(`http://images.test:${inside.port}/x`, signal)).rejects.toMatchObject({
      facts: { kind: 'not-allowed' },
    });
    expect(inside.asked).toEqual([]);
  });

  it('is refused when only one of several addresses of a name is private', async () => {
    const lookUp = ((_: string, __: object, callback: (error: null, found: object[]) => void) => {
      callback(null, [
        { address: '198.41.0.4', family: 4 },
        { address: '10.0.0.1', family: 4 },
      ]);
    }) as unknown as typeof lookup;
    const { fetch } = download({ isAllowed: isPublic, lookUp });
    await expect(fetch('http://images.test/x', signal)).rejects.toMatchObject({
      facts: { kind: 'not-allowed' },
    });
  });

  it('is refused where a redirect leads', async () => {
    const outside = await origin((_, response) => {
      response.writeHead(302, { location: 'http://10.0.0.1/x' }).end();
    });
    const { fetch } = download({ isAllowed: (address) => address === '127.0.0.1' });
    await expect(fetch(`${outside.url}/x`, signal)).rejects.toMatchObject({ facts: { kind: 'not-allowed' } });
    expect(outside.asked).toEqual(['/x']);
  });

  it('is refused when a name leads there the second time', async () => {
    const outside = await origin((_, response) => {
      response.writeHead(302, { location: '/again', connection: 'close' }).end();
    });
    const isAllowed = (address: string) => address === '127.0.0.1';
    const { fetch } = download({ isAllowed, lookUp: names('127.0.0.1', '127.0.0.2') });
    await expect(fetch(`http://images.test:${outside.port}/x`, signal)).rejects.toMatchObject({
      facts: { kind: 'not-allowed' },
    });
    expect(outside.asked).toEqual(['/x']);
  });
});

it('redirects have an end, and lead to the web only', async () => {
  const { fetch } = download({ isAllowed: () => true });
  const loop = await origin((_, response) => {
    response.writeHead(301, { location: '/again' }).end();
  });
  await expect(fetch(`${loop.url}/x`, signal)).rejects.toThrow(/more than 5 times/);
  const elsewhere = await origin((_, response) => {
    response.writeHead(302, { location: 'file:///etc/passwd' }).end();
  });
  await expect(fetch(`${elsewhere.url}/x`, signal)).rejects.toThrow(/http or https only/);
});

it('other schemes, and URLs with passwords, are refused', () => {
  const { check } = download({ isAllowed: () => true });
  for (const url of ['ftp://example.org/x', 'file:///etc/passwd', 'images', '', 'http://']) {
    expect(() => check(url)).toThrow(/http or https only/);
  }
  expect(() => check('https://user:secret@example.org/x')).toThrow(/a user or a password/);
});

it('bytes come with the size that was announced, after redirects', async () => {
  const { url } = await origin((request, response) => {
    if (request.url === '/disk') response.end('bytes');
    else response.writeHead(307, { location: '/disk' }).end();
  });
  const { bytes, total } = await download({ isAllowed: () => true }).fetch(`${url}/moved`, signal);
  expect(total).toBe(5);
  expect(await read(bytes)).toBe('bytes');
});

it.each([
  [404, 'invalid'],
  [403, 'invalid'],
  [429, 'unavailable'],
  [500, 'unavailable'],
  [503, 'unavailable'],
])('an answer %i counts as %s', async (statusCode, kind) => {
  const { url } = await origin((_, response) => response.writeHead(statusCode).end());
  await expect(download({ isAllowed: () => true }).fetch(url, signal)).rejects.toMatchObject({
    facts: { kind },
  });
});

it('a connection that breaks, and a place that nobody answers at, count as unavailable', async () => {
  const { url, close } = await origin((_, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('half');
    setImmediate(() => response.destroy());
  });
  const { fetch } = download({ isAllowed: () => true });
  const unavailable = { facts: { kind: 'unavailable' } };
  const { bytes } = await fetch(url, signal);
  await expect(read(bytes)).rejects.toMatchObject(unavailable);
  await close();
  await expect(fetch(url, signal)).rejects.toMatchObject(unavailable);
});
