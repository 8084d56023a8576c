/** Bytes in and out: upload, staging, import, download. */
import { createReadStream } from 'node:fs';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { Readable } from 'node:stream';
import type { Static } from 'typebox';
import { IngotError, invalid, notAllowed } from '../../core/errors.ts';
import type { RegisteredContent } from '../../core/image-content.ts';
import { hashAlgorithms, type ExpectedHash } from '../../core/image-transfer.ts';
import { actorOf, callerOf, type Answer, type Call } from '../api.ts';
import { getImage, getOwn, type Cloud } from './cloud.ts';
import type { ImportBody } from './schemas.ts';

const octets = 'application/octet-stream';

export async function upload(cloud: Cloud, call: Call): Promise<Answer> {
  const image = await getOwn(cloud, call);
  checkOctets(call);
  await cloud.intake.upload(image, actorOf(call), bytesOf(call), parseDigest(call));
  return { statusCode: 204 };
}

export async function stage(cloud: Cloud, call: Call): Promise<Answer> {
  const image = await getOwn(cloud, call);
  checkOctets(call);
  await cloud.intake.stage(image, actorOf(call), bytesOf(call));
  return { statusCode: 204 };
}

export async function importImage(cloud: Cloud, call: Call): Promise<Answer> {
  const { method } = call.body as Static<typeof ImportBody>;
  const image = await getOwn(cloud, call);
  if (method.name === 'glance-direct') {
    await cloud.intake.importStaged(image, actorOf(call));
  } else if (method.name === 'web-download') {
    if (!method.uri) throw invalid("The 'uri' is missing.", 'uri');
    await cloud.intake.importFrom(
      method.uri,
      image,
      actorOf(call),
      toExpected(method.hash_algo, method.hash_value),
    );
  } else {
    throw invalid(`Unknown import method name '${method.name}'.`, 'method');
  }
  return { statusCode: 202 };
}

function bytesOf(call: Call): AsyncIterable<Uint8Array> {
  return call.body as AsyncIterable<Uint8Array>;
}

function checkOctets(call: Call): void {
  const type = String(call.headers['content-type'] ?? '')
    .split(';', 1)[0]!
    .trim();
  if (type === octets) return;
  throw new IngotError({
    kind: 'invalid',
    code: 'media-type',
    message: `The bytes of an image are ${octets}.`,
  });
}

const hexLengths = { md5: 32, sha256: 64, sha512: 128 };

function toExpected(algorithm: string | undefined, value: string | undefined): ExpectedHash | null {
  if (algorithm === undefined && value === undefined) return null;
  const known = hashAlgorithms.find((it) => it === algorithm);
  if (!known) throw invalid(`hash_algo must be one of ${hashAlgorithms.join(', ')}.`, 'hash_algo');
  if (!value || !/^[0-9a-fA-F]+$/.test(value) || value.length !== hexLengths[known]) {
    throw invalid(`hash_value must be the ${hexLengths[known]} hex digits of a ${known}.`, 'hash_value');
  }
  return { algorithm: known, value: value.toLowerCase() };
}

/** `Content-Digest: sha-256=:base64:` (RFC 9530), or the older `Content-MD5`. */
function parseDigest({ headers }: Call): ExpectedHash | null {
  const digest = headers['content-digest'];
  if (typeof digest === 'string') {
    const [, bits, value] = /^\s*sha-(256|512)=:([A-Za-z0-9+/=]+):\s*$/.exec(digest) ?? [];
    if (!value) throw invalid('Content-Digest must be sha-256=:…: or sha-512=:…:.', 'Content-Digest');
    return toExpected(`sha${bits}`, Buffer.from(value, 'base64').toString('hex'));
  }
  const md5 = headers['content-md5'];
  if (typeof md5 !== 'string') return null;
  return toExpected('md5', md5.length === 32 ? md5 : Buffer.from(md5, 'base64').toString('hex'));
}

export async function download(cloud: Cloud, call: Call): Promise<Answer> {
  const image = await getImage(cloud, call);
  if (image.status === 'deactivated' && !callerOf(call).isAdmin) {
    throw notAllowed(`The requested image has been deactivated. Image data download is forbidden.`);
  }
  if (!image.disk) return { statusCode: 204 };
  const content = await cloud.contents.findRegistered(image.id);
  if (!content) {
    throw new IngotError({ kind: 'unavailable', message: 'The bytes of the image are not on this machine.' });
  }
  const range = content.form === 'raw' ? parseRange(call, content.sizeBytes) : null;
  const { from, to } = range ?? { from: 0, to: content.sizeBytes - 1 };
  return {
    statusCode: range ? 206 : 200,
    stream: read(content, from, to),
    headers: {
      'content-type': octets,
      'content-length': String(to - from + 1),
      ...(content.form === 'raw' ? { 'accept-ranges': 'bytes' } : {}),
      ...(range ? { 'content-range': `bytes ${from}-${to}/${content.sizeBytes}` } : {}),
      ...(image.md5 && !range ? { 'content-md5': image.md5 } : {}),
    },
  };
}

function read({ path, form }: RegisteredContent, start: number, end: number): Readable {
  if (form === 'raw') return createReadStream(path, { start, end });
  const packed = createReadStream(path);
  const unpacked = form === 'gzip' ? createGunzip() : createZstdDecompress();
  packed.on('error', (error) => unpacked.destroy(error));
  unpacked.on('close', () => packed.destroy());
  return packed.pipe(unpacked);
}

/** One range of bytes (RFC 9110 §14.1.2); several are answered with the whole, as is allowed. */
function parseRange(call: Call, size: number): { from: number; to: number } | null {
  const header = call.headers['range'];
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(typeof header === 'string' ? header : '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return null;
  const from = first === '' ? Math.max(size - Number(last), 0) : Number(first);
  const to = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (from <= to) return { from, to };
  throw new IngotError({ kind: 'invalid', code: 'range', message: `The image has ${size} bytes.` });
}
