/** Files over HTTP, with ranges (RFC 9110 §14), streamed: many machines read the same image at once. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';

export interface FileWatch {
  /** So many bytes were handed to the connection, of so many. */
  onBytes?: (sent: number, whole: number) => void;
  onEnd?: () => void;
}

/** Answers 404 when there is no such file, 416 when the range lies outside it. */
export async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  path: string,
  watch: FileWatch = {},
): Promise<FastifyReply> {
  const size = (await stat(path).catch(() => null))?.size;
  if (size === undefined) return reply.code(404).type('text/plain').send('There is no such file.\n');
  const range = parseRange(request.headers.range, size);
  if (range === 'outside') {
    return reply.code(416).header('content-range', `bytes */${size}`).type('text/plain').send('');
  }
  const { first, last } = range ?? { first: 0, last: size - 1 };
  reply
    .code(range ? 206 : 200)
    .type('application/octet-stream')
    .header('accept-ranges', 'bytes')
    .header('content-length', last - first + 1);
  if (range) reply.header('content-range', `bytes ${first}-${last}/${size}`);
  // Of a text Fastify would tell the length of what is sent for HEAD, which is nothing. UEFI HTTP boot (EDK2) and BMCs that
  // mount a disc believe it.
  if (request.method === 'HEAD') return reply.send(Readable.from([]));
  if (size === 0) return reply.send('');

  const stream = createReadStream(path, { start: first, end: last, highWaterMark: 1024 * 1024 });
  let sent = first;
  stream.on('data', (part) => watch.onBytes?.((sent += part.length), size));
  stream.once('end', () => watch.onEnd?.());
  return reply.send(stream);
}

/** One range of bytes; several in one request are answered with the whole file, which is allowed. */
export function parseRange(
  header: string | undefined,
  size: number,
): { first: number; last: number } | 'outside' | null {
  const asked = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!asked || (asked[1] === '' && asked[2] === '')) return null;
  const [, from, to] = asked;
  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  return first > last || first >= size ? 'outside' : { first, last };
}
