/** Images with bytes: small disks in several forms, and the calls that bring them in. */
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Cloud, Reply } from './cloud.ts';

/** A disk of 1 MiB that does not pack well, with a hole. */
export function makeDisk(): Buffer {
  return Buffer.concat([randomBytes(300_000), Buffer.alloc(2 ** 20 - 300_000)]);
}

/** The disk in a format of `qemu-img`. */
export async function toFormat(disk: Buffer, format: string, options: string[] = []): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'ingot-disk-'));
  try {
    const [raw, made] = [join(folder, 'raw'), join(folder, 'made')];
    await writeFile(raw, disk);
    await promisify(execFile)('qemu-img', ['convert', '-f', 'raw', '-O', format, ...options, raw, made]);
    return await readFile(made);
  } finally {
    await rm(folder, { recursive: true });
  }
}

export const hash = (algorithm: string, bytes: Buffer) => createHash(algorithm).update(bytes).digest('hex');

export async function addImage(cloud: Cloud, fields: Record<string, unknown> = {}): Promise<Reply['body']> {
  const wish = { name: 'mine', disk_format: 'raw', container_format: 'bare', ...fields };
  const { status, body } = await cloud.call('POST', '/image/v2/images', wish);
  if (status !== 201) throw new Error(`the image was refused: ${JSON.stringify(body)}`);
  return body;
}

/** @param room `file` or `stage` */
export async function putBytes(
  cloud: Pick<Cloud, 'origin' | 'token'>,
  id: string,
  bytes: RequestInit['body'],
  { room = 'file', headers = {} }: { room?: string; headers?: Record<string, string> } = {},
): Promise<{ status: number; text: string }> {
  const response = await fetch(`${cloud.origin}/image/v2/images/${id}/${room}`, {
    method: 'PUT',
    headers: { 'x-auth-token': cloud.token, 'content-type': 'application/octet-stream', ...headers },
    body: bytes ?? null,
    duplex: 'half',
  });
  return { status: response.status, text: await response.text() };
}

export async function getBytes(cloud: Cloud, id: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${cloud.origin}/image/v2/images/${id}/file`, {
    headers: { 'x-auth-token': cloud.token, ...headers },
  });
  return { response, bytes: Buffer.from(await response.arrayBuffer()) };
}

export async function showImage(cloud: Cloud, id: string): Promise<Reply['body']> {
  return (await cloud.call('GET', `/image/v2/images/${id}`)).body;
}
