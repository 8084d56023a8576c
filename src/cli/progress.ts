/** A line that shows how far something is; on a terminal only, for elsewhere nobody watches. */

export interface Progress {
  /** @param total null: not known */
  show(what: string, done: number, total: number | null): void;
  end(): void;
}

const barWidth = 24;
const leastMs = 100;

export function createProgress(out: NodeJS.WriteStream = process.stderr): Progress {
  let shownAt = 0;
  const began = Date.now();
  return {
    show(what, done, total) {
      const isEnd = done === total;
      if (!out.isTTY || (!isEnd && Date.now() - shownAt < leastMs)) return;
      shownAt = Date.now();
      const seconds = Math.max((shownAt - began) / 1_000, 0.001);
      out.write(`\r\u001b[K${toLine(what, done, total, seconds)}`);
    },
    end() {
      if (out.isTTY && shownAt > 0) out.write('\r\u001b[K');
    },
  };
}

/** `fetching [######      ]  50 %  1.0 GB of 2.0 GB, 80.0 MB/s` */
export function toLine(what: string, done: number, total: number | null, seconds: number): string {
  const speed = `${toSize(done / seconds)}/s`;
  if (!total) return done > 0 ? `${what} ${toSize(done)}, ${speed}` : what;
  const share = Math.min(done / total, 1);
  const bar = '#'.repeat(Math.round(share * barWidth)).padEnd(barWidth);
  const percent = String(Math.floor(share * 100)).padStart(3);
  return `${what} [${bar}] ${percent} %  ${toSize(done)} of ${toSize(total)}, ${speed}`;
}

const units = ['bytes', 'KB', 'MB', 'GB', 'TB'];

/** In powers of 1000, as disks are sold. */
export function toSize(bytes: number): string {
  const power = bytes < 1_000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  return `${power === 0 ? Math.round(bytes) : (bytes / 1_000 ** power).toFixed(1)} ${units[power]}`;
}
