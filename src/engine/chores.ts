/** What the engine sees to now and then, and how often. */
import type { Work } from '../core/work.ts';
import { healthRounds } from './health-watch.ts';
import { inspectionRounds, type InspectionRoom } from './inspection.ts';
import { passwordRounds, type PasswordChangeRoom } from './password-change.ts';
import { powerRounds } from './power-sync.ts';
import type { Submit } from './submit.ts';
import type { Chore } from './sweep.ts';

export interface ChoresRoom extends InspectionRoom, PasswordChangeRoom {
  work: Work;
  submit: Submit;
}

/** In milliseconds. */
export interface ChoreTimes {
  retentionMs: number;
  /** 0: real power is not read by itself. */
  powerSyncMs: number;
  /** 0: health is not read by itself. */
  healthMs: number;
}

const oftenMs = 1_000;
const seldomMs = 30_000;
/** Visits at once, to the whole fleet and to single machines. The driver's own limits are narrower. */
const toAll = { places: 512, most: 4_096 };
const toSome = { places: 64, most: 256 };

export function engineChores(room: ChoresRoom, { retentionMs, powerSyncMs, healthMs }: ChoreTimes): Chore[] {
  const { work } = room;
  const chores: Chore[] = [
    { what: 'taking over from processes that are gone', everyMs: oftenMs, run: () => work.releaseDead() },
    { what: 'removing deleted servers', everyMs: seldomMs, run: () => work.purgeDeleted(retentionMs) },
    { what: 'changing passwords of BMCs', everyMs: oftenMs, ...passwordRounds(room, toSome) },
    { what: 'inspecting machines in band', everyMs: oftenMs, ...inspectionRounds(room, toSome) },
  ];
  if (powerSyncMs > 0) {
    chores.push({ what: 'reading power', everyMs: oftenMs, ...powerRounds(room, powerSyncMs, toAll) });
  }
  if (healthMs > 0) {
    chores.push({ what: 'reading health', everyMs: oftenMs, ...healthRounds(room, healthMs, toAll) });
  }
  return chores;
}
