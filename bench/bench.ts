/** What a bench is: it measures something of ours and its floor in the same run, in turns, and gives their ratio. */
import { readFileSync } from 'node:fs';

export interface Figure {
  name: string;
  /** What was measured, and against what. */
  says: string;
  ratio: number;
  /** The ratio aimed at; `most` for costs, `least` for rates. */
  aim: { most: number } | { least: number } | null;
  /** The measured values behind the ratio, for scale only. */
  measured: Record<string, number | string>;
}

export interface Bench {
  name: string;
  help: string;
  run(tell: (line: string) => void): Promise<Figure[]>;
}

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

/** Milliseconds that something takes. */
export async function timed(run: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await run();
  return performance.now() - began;
}

/** Ours and the floor in turns, so that a noisy moment meets both; medians of each. */
export async function inTurns(
  rounds: number,
  ours: () => Promise<number>,
  floor: () => Promise<number>,
): Promise<{ ours: number; floor: number; ratio: number }> {
  const measured = { ours: [] as number[], floor: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    measured.floor.push(await floor());
    measured.ours.push(await ours());
  }
  const [a, b] = [median(measured.ours), median(measured.floor)];
  return { ours: a, floor: b, ratio: a / b };
}

export function meets({ ratio, aim }: Figure): boolean | null {
  if (!aim) return null;
  return 'most' in aim ? ratio <= aim.most : ratio >= aim.least;
}

/** Resident memory of a process, in MiB; only where /proc is. */
export function memoryMib(pid: number): number {
  try {
    const found = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Math.round(Number(found?.[1] ?? 0) / 1024);
  } catch {
    return 0;
  }
}
