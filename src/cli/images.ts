/** `ingot image …` */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import type { Command } from 'commander';
import { withQuery, type Answer, type Client } from './client.ts';
import { addCommand, type Asked, type Told } from './command.ts';
import { toFields, toTable, type Columns } from './output.ts';
import { createProgress, toSize, type Progress } from './progress.ts';

const images = '/image/v2/images';

const columns: Columns = {
  NAME: (image) => image['name'],
  ID: (image) => image['id'],
  STATUS: (image) => image['status'],
  FORMAT: (image) => image['disk_format'],
  SIZE: (image) => image['size'] && toSize(image['size']),
  DISK: (image) => image['virtual_size'] && toSize(image['virtual_size']),
  CONTENT: (image) => image['ingot_content'],
  VISIBILITY: (image) => image['visibility'],
};

export function addImageCommands(program: Command): void {
  const image = program.command('image').description('What servers are made from: register, look, remove.');
  addCommand(
    image,
    'list',
    {
      does: 'List the images. Content "none": a record without bytes, which only simulated machines take.',
      example: 'ingot image list --status active',
      options: [
        ['--status <words>', 'queued, saving, importing, active, deactivated, killed; several by commas'],
      ],
    },
    async ({ client, options: { status } }) => {
      const found = await listAll(client, status === undefined ? {} : { status: `in:${status}` });
      return { json: found, text: toTable(found, columns) };
    },
  );
  addCommand(
    image,
    'show <image>',
    { does: 'Show an image, and how it came in.', example: 'ingot image show debian-12' },
    async ({ client, words }) => {
      const found = await find(client, words[0]!);
      const { tasks } = await client.ask('GET', `${images}/${found['id']}/tasks`);
      const imports = (tasks as Answer[]).map((task) => `${task['status']} ${task['message']}`.trim());
      return { json: { ...found, imports: tasks }, text: toFields({ ...found, imports }) };
    },
  );
  addCommand(
    image,
    'add <name>',
    {
      does: 'Register an image from a URL or a file, and wait until it can be used.',
      example: [
        'ingot image add debian-12 --url https://example.org/debian-12.qcow2 --hash sha256:3f7a…',
        'ingot image add mine --file ./disk.raw --public',
      ].join('\n'),
      options: [
        ['--url <url>', 'where Ingot fetches it (http or https)'],
        ['--file <file>', 'a file here, which is uploaded'],
        [
          '--format <word>',
          'raw (may be packed with gzip or zstd), qcow2, vmdk, vdi, vhd, vhdx; else by its name',
        ],
        ['--hash <algorithm:hex>', 'md5, sha256 or sha512 that the bytes must have'],
        ['--min-disk <GB>', 'smallest disk that it fits on', '0'],
        ['--min-ram <MiB>', 'least memory', '0'],
        ['--os-type <word>', 'Linux or Windows', 'Linux'],
        ['--public', 'for all projects (administrators)'],
        ['--no-wait', 'with --url: do not wait for the end'],
      ],
    },
    add,
  );
  addCommand(
    image,
    'remove <image>',
    {
      does: 'Remove an image. Servers that were made from it stay.',
      example: 'ingot image remove debian-11',
    },
    async ({ client, words }) => {
      const { id } = await find(client, words[0]!);
      await client.ask('DELETE', `${images}/${id}`);
      return { json: {}, text: `${words[0]} is removed.` };
    },
  );
}

async function listAll(client: Client, query: Record<string, string>): Promise<Answer[]> {
  const all: Answer[] = [];
  let path: string | undefined = withQuery(images, { ...query, sort: 'name:asc' });
  while (path !== undefined) {
    const page: Answer = await client.ask('GET', path);
    all.push(...(page['images'] as Answer[]));
    path = page['next'] && `/image${page['next']}`;
  }
  return all;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

async function find(client: Client, word: string): Promise<Answer> {
  if (uuid.test(word)) return client.ask('GET', `${images}/${word}`);
  const found = await listAll(client, { name: word });
  if (found.length === 0) throw new Error(`There is no image named ${word}.`);
  if (found.length > 1) throw new Error(`${found.length} images are named ${word}; give the id.`);
  return found[0]!;
}

const formats = ['raw', 'qcow2', 'vmdk', 'vdi', 'vhd', 'vhdx'];

/** By the last part of the name that says it: `disk.raw.gz` is raw, packed. */
function formatOf({ format, url, file }: Asked['options']): string {
  if (format !== undefined) return format;
  const path = file ?? new URL(url!).pathname;
  const ending = extname(path).slice(1).toLowerCase();
  return formats.includes(ending) ? ending : 'raw';
}

async function add({ client, words, options }: Asked): Promise<Told> {
  const { url, file } = options;
  if ((url === undefined) === (file === undefined)) throw new Error('Give either --url or --file.');
  if (url !== undefined && !URL.canParse(url)) throw new Error(`"${url}" is no URL.`);
  const hash = parseHash(options['hash']);
  const made = await client.ask('POST', images, {
    name: words[0],
    disk_format: formatOf(options),
    container_format: 'bare',
    min_disk: Number(options['minDisk']),
    min_ram: Number(options['minRam']),
    os_type: options['osType'],
    visibility: options['public'] ? 'public' : 'private',
  });
  const progress = createProgress();
  try {
    const path = `${images}/${made['id']}`;
    if (file !== undefined) await upload(client, path, { file, hash, progress });
    else {
      const more = hash && { hash_algo: hash.algorithm, hash_value: hash.value };
      await client.ask('POST', `${path}/import`, { method: { name: 'web-download', uri: url, ...more } });
      // commander turns --no-wait into wait: false.
      if ((options as { wait?: unknown }).wait !== false) await follow(client, path, progress);
    }
    const image = await client.ask('GET', path);
    return { json: image, text: toTable([image], columns) };
  } catch (error) {
    // A record that never gets its bytes helps nobody.
    await client.ask('DELETE', `${images}/${made['id']}`).catch(() => undefined);
    throw error;
  } finally {
    progress.end();
  }
}

interface Hash {
  algorithm: string;
  value: string;
}

function parseHash(text: string | undefined): Hash | null {
  if (text === undefined) return null;
  const [, algorithm, value] = /^(md5|sha256|sha512):([0-9a-fA-F]+)$/.exec(text) ?? [];
  if (!algorithm || !value) throw new Error('--hash is md5:…, sha256:… or sha512:…, in hex digits.');
  return { algorithm, value };
}

async function upload(
  client: Client,
  path: string,
  { file, hash, progress }: { file: string; hash: Hash | null; progress: Progress },
): Promise<void> {
  const { size } = await stat(file);
  let sent = 0;
  const bytes = async function* () {
    for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 18 }) as AsyncIterable<Buffer>) {
      yield chunk;
      sent += chunk.length;
      if (sent < size) progress.show('uploading', sent, size);
      else progress.show('checking and packing', 0, null);
    }
  };
  await client.upload(`${path}/file`, bytes(), { 'content-length': String(size), ...toDigest(hash) });
}

function toDigest(hash: Hash | null): Record<string, string> {
  if (!hash) return {};
  const base64 = Buffer.from(hash.value, 'hex').toString('base64');
  if (hash.algorithm === 'md5') return { 'content-md5': base64 };
  return { 'content-digest': `${hash.algorithm.replace('sha', 'sha-')}=:${base64}:` };
}

const pollMs = 500;

async function follow(client: Client, path: string, progress: Progress): Promise<void> {
  for (;;) {
    const image = await client.ask('GET', path);
    if (image['status'] === 'active') return;
    if (image['status'] !== 'importing') {
      throw new Error(image['ingot_failure'] ?? `The image is ${image['status']}.`);
    }
    const { tasks } = await client.ask('GET', `${path}/tasks`);
    const [task] = tasks as Answer[];
    const { ingot_received: received = 0, ingot_total: total = null, message = '' } = task ?? {};
    if (received > 0 && received === total) progress.show('checking and packing', 0, null);
    else progress.show(message === '' ? 'fetching' : `${message}; fetching again`, received, total);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}
