/**
 * Disk images become raw disks through `qemu-img` of QEMU (Debian: qemu-utils), a process of its own with limits on
 * memory, processor time, files and the size of what it writes.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { IngotError, invalid } from '../core/errors.ts';

const run = promisify(execFile);

/** Glance gives it 1 GiB and 30 s to look; a conversion of many GiB takes longer. */
const addressSpaceBytes = 2 * 2 ** 30;
const processorSeconds = { info: 30, check: 300, convert: 1_800 };
const answerBytes = 4 * 2 ** 20;

/** The names of formats in its words. */
const drivers: Record<string, string> = { vhd: 'vpc' };

/** Exit codes of `qemu-img check`: lost clusters do no harm, and some formats cannot be checked. */
const harmless = [3, 63];

/**
 * Looks through the image: a reader takes what is cut off at its end for zeros.
 *
 * @returns size of the disk inside, in bytes
 */
export async function inspect(path: string, format: string, signal?: AbortSignal): Promise<number> {
  const text = await qemuImg('info', ['--output=json', '-f', drivers[format] ?? format, path], 0, signal);
  const info = JSON.parse(text) as Record<string, unknown>;
  // Looked at before (disk-format.ts); this is the second look.
  if (info['backing-filename'] !== undefined || info['encrypted'] === true) {
    throw invalid('An image that names another file, or is encrypted, is not taken.', 'disk_format');
  }
  await qemuImg('check', ['-q', '-f', drivers[format] ?? format, path], 0, signal);
  return Number(info['virtual-size']);
}

/** @param size of the disk inside, in bytes */
export async function convert(
  from: { path: string; format: string; size: number },
  to: string,
  signal?: AbortSignal,
): Promise<void> {
  const words = ['-f', drivers[from.format] ?? from.format, '-O', 'raw', from.path, to];
  await qemuImg('convert', words, from.size, signal);
}

async function qemuImg(
  command: keyof typeof processorSeconds,
  words: string[],
  writes: number,
  signal?: AbortSignal,
): Promise<string> {
  const limits = [
    `--as=${addressSpaceBytes}`,
    `--cpu=${processorSeconds[command]}`,
    `--fsize=${writes}`,
    '--core=0',
  ];
  const isLimited = process.platform === 'linux';
  const line = ['qemu-img', command, ...words];
  const [program, ...args] = isLimited ? ['prlimit', ...limits, ...line] : line;
  try {
    const { stdout } = await run(program!, args, {
      maxBuffer: answerBytes,
      env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' },
      ...(signal ? { signal } : {}),
    });
    return stdout;
  } catch (error) {
    if (command === 'check' && harmless.includes((error as Failure).code as number)) return '';
    throw toReason(error as Failure, command);
  }
}

type Failure = Error & { code?: string | number; stderr?: string; signal?: string };

function toReason(error: Failure, command: string): Error {
  if (error.name === 'AbortError') return error;
  if (error.code === 'ENOENT' || /failed to execute qemu-img/.test(error.stderr ?? '')) {
    return new IngotError({
      kind: 'unavailable',
      message: 'qemu-img is not installed (Debian: qemu-utils), so that only raw images can be registered.',
    });
  }
  if (/No space left/i.test(error.stderr ?? '')) {
    return new IngotError({ kind: 'too-large', message: 'The disk with the images is full.' });
  }
  // Its words begin with our path, which is nobody's business.
  const words = (error.stderr ?? '')
    .trim()
    .split('\n')
    .at(-1)
    ?.replaceAll(/'?\/[^\s':]*'?:?/g, '')
    .trim();
  return invalid(
    `The image cannot be read: qemu-img ${command}: ${words || error.signal || 'failed'}`,
    'disk_format',
  );
}
