/** Alarms (C20–C22) and events (C23, C24), from what was observed of the machines. */
import { invalid, notFound } from '../../core/errors.ts';
import {
  conditions,
  eventCodes,
  type AlarmFilter,
  type AlarmSummary,
  type Condition,
  type EventFilter,
} from '../../core/observation.ts';
import { isId, ok, projectOf, single, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { catalogue, eventLevels } from './event-catalogue.ts';
import { toAlarm, toCatalogueEntry, toEvent } from './alarm-wire.ts';

const allConditions = Object.keys(conditions) as Condition[];

export async function listAlarms({ observations }: Cloud, call: Call): Promise<Answer> {
  const cut = parseCut(call);
  const filter = toAlarmFilter(call);
  const projectId = projectOf(call);
  const [alarms, count] = await Promise.all([
    observations.listAlarms(projectId, filter, cut),
    observations.countAlarms(projectId, filter),
  ]);
  return ok({ alarms: alarms.map(toAlarm), count });
}

function toAlarmFilter(call: Call): AlarmFilter {
  const filter: AlarmFilter = {};
  const id = single(call, 'alarm_record_id');
  if (id) filter.id = id;
  const status = oneOf(call, 'alarm_status', ['ok', 'alarm', 'invalid']);
  if (status) filter.isOpen = status === 'alarm';
  const nodeIds = single(call, 'resource_id');
  if (nodeIds) filter.nodeIds = nodeIds.split(',').filter(isId);
  const level = oneOf(call, 'alarm_level', ['1', '2', '3', '4']);
  if (level) filter.conditions = allConditions.filter((it) => conditions[it].level === Number(level));
  // Ours are all observations, none a measured value past a threshold; and none ever becomes invalid.
  if (oneOf(call, 'alarm_type', ['event', 'metric']) === 'metric' || status === 'invalid')
    filter.conditions = [];
  const [from, to] = [parseMoment(call, 'from', 1_000), parseMoment(call, 'to', 1_000)];
  if (from && to && from >= to) throw invalid('from: must be before to.', 'from');
  return { ...filter, ...(from ? { from } : {}), ...(to ? { to } : {}) };
}

export async function showSummary({ observations }: Cloud, call: Call): Promise<Answer> {
  const { byCondition, worst, byRoom } = await observations.summarize(projectOf(call));
  return ok({
    alarm_levels: toLevels(byCondition),
    alarm_devices: toDevices(byCondition),
    alarm_hosts: worst.map(({ nodeId, name, alarms }) => ({
      resource_name: name,
      resource_id: nodeId,
      alarm_infos: alarms.map(({ condition, count, seconds }) => ({
        alarm_device: conditions[condition].device,
        alarm_number: count,
        alarm_duration: seconds,
      })),
    })),
    alarm_groups: byRoom.map(({ room, byCondition: found, serials }) => ({
      label: room,
      alarm_devices: toDevices(found),
      sns: serials,
    })),
  });
}

type Counts = AlarmSummary['byCondition'];

function toLevels(counts: Counts) {
  return tally(counts, (condition) => conditions[condition].level).map(([level, count]) => ({
    alarm_level: level,
    alarm_number: count,
  }));
}

function toDevices(counts: Counts) {
  return tally(counts, (condition) => conditions[condition].device).map(([device, count]) => ({
    alarm_device: device,
    alarm_number: count,
  }));
}

function tally<Key>(counts: Counts, keyOf: (condition: Condition) => Key): [Key, number][] {
  const groups = Map.groupBy(counts, ({ condition }) => keyOf(condition));
  return [...groups].map(([key, members]) => [key, members.reduce((sum, { count }) => sum + count, 0)]);
}

const dayMs = 86_400_000;
/** As long as the page allows for events. */
const longestSpanDays = 30;

/** A moment: Huawei Cloud's SDK for Go reads no date alone (core/sdktime). */
const toMidnight = (day: string) => `${day}T00:00:00Z`;

/** Every day of the span, also those without an alarm. */
export async function showTrend({ observations }: Cloud, call: Call): Promise<Answer> {
  const { from, to } = parseSpan(call, 1_000);
  const found = new Map((await observations.listDays(projectOf(call), from, to)).map((it) => [it.day, it]));
  const days: string[] = [];
  for (let at = Math.floor(from.getTime() / dayMs) * dayMs; at < to.getTime(); at += dayMs) {
    days.push(new Date(at).toISOString().slice(0, 10));
  }
  return ok({
    fault_hosts: days.map((day) => ({
      fault_date: toMidnight(day),
      new_fault_host: found.get(day)?.machines ?? 0,
      fault_host: found.get(day)?.serials ?? [],
    })),
    alarm_daily_new_trends: days.map((day) => ({
      alarm_date: toMidnight(day),
      alarm_devices: toDevices(found.get(day)?.byCondition ?? []),
      alarm_levels: toLevels(found.get(day)?.byCondition ?? []),
    })),
  });
}

export async function listEvents({ observations }: Cloud, call: Call): Promise<Answer> {
  const cut = parseCut(call);
  const filter: EventFilter = parseSpan(call, 1);
  const level = oneOf(call, 'event_level', eventLevels);
  if (level) filter.codes = eventCodes.filter((code) => catalogue[code].level === level);
  const nodeId = single(call, 'resource_id');
  if (nodeId && !isId(nodeId)) return ok({ events: [], count: 0 });
  if (nodeId) filter.nodeId = nodeId;
  const projectId = projectOf(call);
  const [events, count] = await Promise.all([
    observations.listEvents(projectId, filter, cut),
    observations.countEvents(projectId, filter),
  ]);
  return ok({ events: events.map(toEvent), count });
}

export function showEvent(_cloud: Cloud, call: Call): Answer {
  const id = call.params['event_id']!;
  const code = eventCodes.find((it) => it === id);
  if (!code) throw notFound('event', id);
  return ok(toCatalogueEntry(code));
}

function oneOf<Word extends string>(call: Call, name: string, words: readonly Word[]): Word | undefined {
  const asked = single(call, name);
  if (!asked) return undefined;
  const word = words.find((it) => it === asked);
  if (!word) throw invalid(`${name}: one of ${words.join(', ')}.`, name);
  return word;
}

/** @param unitMs alarms count in seconds, events in milliseconds (as documented) */
function parseMoment(call: Call, name: string, unitMs: number): Date | undefined {
  const asked = single(call, name);
  if (!asked) return undefined;
  const moment = new Date(/^\d{1,15}$/.test(asked) ? Number(asked) * unitMs : NaN);
  if (Number.isNaN(moment.getTime())) throw invalid(`${name}: ${asked} is no moment.`, name);
  return moment;
}

function parseSpan(call: Call, unitMs: number): { from: Date; to: Date } {
  const [from, to] = [parseMoment(call, 'from', unitMs), parseMoment(call, 'to', unitMs)];
  if (!from || !to) throw invalid('from and to: are needed.', 'from');
  if (from >= to) throw invalid('from: must be before to.', 'from');
  if (to.getTime() - from.getTime() > longestSpanDays * dayMs) {
    throw invalid(`to: at most ${longestSpanDays} days after from.`, 'to');
  }
  return { from, to };
}

const mostPerPage = 100;
/** Passing over rows costs reading them; who wants more narrows the time. */
const mostPassedOver = 10_000;

function parseCut(call: Call): { offset: number; limit: number } {
  const parse = (name: string, unset: number, least: number, most: number) => {
    const asked = single(call, name) || String(unset);
    if (/^\d{1,6}$/.test(asked) && Number(asked) >= least && Number(asked) <= most) return Number(asked);
    throw invalid(`${name}: a whole number from ${least} to ${most} is needed.`, name);
  };
  return {
    offset: parse('offset', 0, 0, mostPassedOver),
    limit: parse('limit', mostPerPage, 1, mostPerPage),
  };
}
