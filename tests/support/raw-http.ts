/** HTTP by hand, for what no client library would send. */
import { connect, type Socket } from 'node:net';

export interface RawReply {
  status: number;
  /** As text, when there was no JSON. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
  head: string;
}

export function openSocket(origin: string): Promise<Socket> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => resolve(socket));
    socket.once('error', reject);
  });
}

/** Sends the text, and then parts for as long as there are any and nobody has hung up; reads one answer to its end. */
export async function sendRaw(
  origin: string,
  text: string | Buffer,
  parts: Iterable<string | Buffer> = [],
): Promise<RawReply> {
  const socket = await openSocket(origin);
  const chunks: Buffer[] = [];
  const ended = new Promise<void>((resolve) => {
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      if (isWhole(Buffer.concat(chunks).toString())) resolve();
    });
    socket.on('close', () => resolve());
    socket.on('error', () => resolve()); // a server that has answered need not listen to the rest
  });
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  socket.write(text);
  for (const part of parts) {
    if (isOver || socket.destroyed) break;
    await new Promise<void>((resolve) => {
      void ended.then(resolve);
      socket.write(part, () => resolve());
    });
  }
  await ended;
  socket.destroy();
  return parse(Buffer.concat(chunks).toString());
}

function isWhole(text: string): boolean {
  const [head, body] = split(text);
  const length = /^content-length: (\d+)/im.exec(head)?.[1];
  return body !== null && length !== undefined && Buffer.byteLength(body) >= Number(length);
}

function split(text: string): [head: string, body: string | null] {
  const end = text.indexOf('\r\n\r\n');
  return end < 0 ? [text, null] : [text.slice(0, end), text.slice(end + 4)];
}

function parse(text: string): RawReply {
  const [head, body] = split(text);
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]);
  try {
    return { status, head, body: JSON.parse(body ?? '') };
  } catch {
    return { status, head, body };
  }
}
