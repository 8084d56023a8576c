/** What was learnt of one BMC: which rung of each ladder it took. Kept as long as the process lives. */
export interface Learnt {
  /** The path of the system when the node names none. */
  systemPath: string | null;
  /** The form of If-Match that it took last, a word of `etag.ts`. */
  etagForm: string | null;
  /** The rung of the boot ladder, by resource and payload. */
  bootRung: string | null;
  /** How often in a row it took a boot override and did not show it. */
  bootIgnored: number;
  /** The rung of the virtual media ladder. */
  mediaRung: string | null;
  /** The reset type that it took where it does not tell which it knows. */
  resetTypes: Partial<Record<'on' | 'off', string>>;
  /** When we last sent a reset that was accepted, epoch milliseconds. */
  resetAt: number;
}

export function nothingLearnt(): Learnt {
  return {
    systemPath: null,
    etagForm: null,
    bootRung: null,
    bootIgnored: 0,
    mediaRung: null,
    resetTypes: {},
    resetAt: -Infinity,
  };
}

/** The rungs in the order in which they are tried: the one that held last time comes first. */
export function bestFirst<T extends { name: string }>(rungs: readonly T[], winner: string | null): T[] {
  return rungs.toSorted((a, b) => Number(b.name === winner) - Number(a.name === winner));
}
