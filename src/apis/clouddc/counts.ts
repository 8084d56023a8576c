/** ShowServerStatus (C19): how many machines stand how, by room. */
import type { MachineCount } from '../../core/site.ts';
import { ok, projectOf, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { manageStateOf } from './wire.ts';

export async function showCounts({ site }: Cloud, call: Call): Promise<Answer> {
  const counts = await site.countMachines(projectOf(call));
  const status = (isMeant: (count: MachineCount) => boolean) => toStatusCount(counts.filter(isMeant));
  const power = (word: MachineCount['power']) => sum(counts.filter((it) => it.power === word));
  return ok({
    server_status: {
      total: status(() => true),
      ok: status(({ health }) => health === 'OK'),
      warning: status(({ health }) => health === 'Warning'),
      unknown: status(({ health }) => health === 'Unknown'),
      critical: status(({ health }) => health === 'Critical'),
      // Not described; read as fit and unfit for work, and taken out of service.
      health: status(({ health }) => health === 'OK'),
      unHealth: status(({ health }) => health === 'Warning' || health === 'Critical'),
      isolation: status(({ standing }) => standing === 'quarantined'),
    },
    server_power_status: { on: power('on'), off: power('off'), unknown: power('unknown') },
    server_manage_state: tally(counts, ({ standing }) => manageStateOf[standing]),
  });
}

function toStatusCount(counts: MachineCount[]) {
  return { count: sum(counts), dc_stats: tally(counts, ({ room }) => room) };
}

function sum(counts: MachineCount[]): number {
  return counts.reduce((total, { count }) => total + count, 0);
}

function tally(counts: MachineCount[], wordOf: (count: MachineCount) => string): Record<string, number> {
  const groups = Map.groupBy(counts, wordOf);
  return Object.fromEntries([...groups].map(([word, members]) => [word, sum(members)]));
}
