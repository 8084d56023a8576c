/** The System Event Log (IPMI 2.0, 31 and 32). */
import type { LogEntry } from '../../core/ports.ts';
import { commandFailure } from './answer.ts';
import type { Ask } from './bmc.ts';
import { severityOf } from './severity.ts';

export async function readEventLog(ask: Ask, most: number): Promise<LogEntry[]> {
  const output = await ask([`sel elist last ${Math.max(1, most)}`]);
  const isEmpty = /SEL has no entries/i.test(output.stdout + output.stderr);
  const entries = toEntries(output.stdout);
  if (entries.length === 0 && !isEmpty && output.code !== 0)
    throw commandFailure('the reading of its event log', output);
  return entries.toReversed().slice(0, most);
}

/** Lines "id | date | time | sensor | event | direction | …", or "id | Pre-Init | ticks | …" before the clock was set. */
export function toEntries(text: string): LogEntry[] {
  return text.split('\n').flatMap((line) => {
    const [id = '', date = '', time = '', sensor = '', ...event] = line.split('|').map((part) => part.trim());
    if (!/^[0-9a-f]+$/i.test(id) || sensor === '') return [];
    const words = event.filter((part) => part !== '');
    const isGone = words.some((word) => /^Deasserted/i.test(word));
    const severity = isGone ? ('OK' as const) : severityOf(words.join(' '));
    return [{ id, at: toDate(date, time), severity, message: [sensor, ...words].join(', ') }];
  });
}

/** ipmitool prints in the zone of its process, which is UTC. */
function toDate(date: string, time: string): Date | null {
  const found = /^(\d\d)\/(\d\d)\/(\d{2,4})$/.exec(date);
  const clock = /^(\d\d:\d\d:\d\d)/.exec(time);
  if (!found || !clock) return null;
  const [, month, day, year] = found;
  const at = new Date(`${year!.length === 2 ? `20${year}` : year}-${month}-${day}T${clock[1]}Z`);
  return Number.isNaN(at.getTime()) ? null : at;
}
