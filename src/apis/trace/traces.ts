/** The list of traces, with the published filters and paging (cts_api_0311). */
import { auditRatings, type AuditFilter } from '../../core/audit.ts';
import { invalid } from '../../core/errors.ts';
import { callerOf, ok, projectOf, single, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { serviceTypes, toTrace } from './wire.ts';

const byDefault = 10;
const most = 200;
const hourMs = 3_600_000;

export async function listTraces({ audit, now }: Cloud, call: Call): Promise<Answer> {
  const limit = toLimit(single(call, 'limit'));
  const marker = single(call, 'next');
  // Of the system only: data traces are those of object storage.
  const isOfData = single(call, 'trace_type') === 'data';
  const filter = toFilter(call, now());
  const rows = isOfData ? [] : await audit.list(filter, { limit: limit + 1, ...(marker && { marker }) });
  const page = rows.slice(0, limit);
  return ok({
    traces: page.map(toTrace),
    // Clients go on as long as there is a marker.
    meta_data: { count: page.length, ...(rows.length > limit && { marker: page.at(-1)!.id }) },
  });
}

function toFilter(call: Call, now: number): AuditFilter {
  const caller = callerOf(call);
  const filter: AuditFilter = {
    projectId: projectOf(call),
    ...(caller.projectAccount && { accountId: caller.projectAccount.id }),
    // Whoever may not see all of it sees what they did themselves.
    ...(call.may('cts:trace:list') ? {} : { userId: caller.user.id }),
  };
  const id = single(call, 'trace_id');
  if (id !== undefined) return { ...filter, id }; // nothing else counts then
  const from = toMoment(call, 'from');
  const to = toMoment(call, 'to');
  filter.from = from ?? new Date((to?.getTime() ?? now) - hourMs);
  if (to) filter.to = to;
  const words = {
    userName: single(call, 'user'),
    accessKey: single(call, 'access_key_id'),
    name: single(call, 'trace_name'),
    resourceId: single(call, 'resource_id'),
    resourceName: single(call, 'resource_name'),
    resourceType: single(call, 'resource_type'),
  };
  for (const [key, word] of Object.entries(words)) if (word) Object.assign(filter, { [key]: word });
  const service = single(call, 'service_type');
  if (service) {
    filter.services = Object.keys(serviceTypes).filter((name) => serviceTypes[name] === service);
    if (service === 'INGOT') filter.services = ['admin'];
  }
  const rating = single(call, 'trace_rating');
  if (rating) filter.rating = toKnownRating(rating);
  return filter;
}

function toKnownRating(word: string) {
  const rating = auditRatings.find((it) => it === word);
  if (!rating) throw invalid(`trace_rating is one of ${auditRatings.join(', ')}.`, 'trace_rating');
  return rating;
}

function toLimit(text: string | undefined): number {
  if (text === undefined) return byDefault;
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > most) {
    throw invalid(`limit is a number from 1 to ${most}.`, 'limit');
  }
  return limit;
}

/** Milliseconds since 1970, 13 digits. */
function toMoment(call: Call, name: string): Date | undefined {
  const text = single(call, name);
  if (text === undefined || text === '') return undefined;
  if (!/^\d{13}$/.test(text)) throw invalid(`${name} is a time in milliseconds, of 13 digits.`, name);
  return new Date(Number(text));
}
