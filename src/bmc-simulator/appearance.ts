/** How the bodies of a BMC depart from the book: nulls, drifting types, odd error messages. */
import type { Json, Reply } from './reply.ts';
import type { BmcSettings } from './settings.ts';

export function disguise(reply: Reply, settings: BmcSettings): Reply {
  if (typeof reply.body !== 'object' || reply.body === null) return reply;
  const body = reply.body as Json;
  if ('error' in body) {
    return settings.extendedInfo === 'list'
      ? reply
      : { ...reply, body: toOddError(body, settings.extendedInfo) };
  }
  const { drift, missing } = settings;
  if (drift === 'none' && !missing.includes('status')) return reply;
  return { ...reply, body: toOdd(body, settings) };
}

function toOddError(body: Json, extendedInfo: 'object' | 'bare'): Json {
  const { '@Message.ExtendedInfo': list, ...error } = body['error'] as Json;
  const [info = {}] = list as Json[];
  const odd =
    extendedInfo === 'object'
      ? info
      : [{ MessageId: String(info['MessageId']).split('.').at(-1), Message: info['Message'] }];
  return { error: { ...error, '@Message.ExtendedInfo': odd } };
}

const nulled = ['SpeedMbps', 'PermanentMACAddress', 'ProcessorSummary', 'MemorySummary', 'UUID', 'Model'];

function toOdd(value: unknown, settings: BmcSettings, name = ''): unknown {
  if (settings.drift === 'nulls' && nulled.includes(name)) return null;
  if (Array.isArray(value)) return value.map((one) => toOdd(one, settings));
  if (typeof value === 'number' && settings.drift === 'types') return String(value);
  if (name === 'PowerState' && settings.drift === 'types') return String(value).toLowerCase();
  if (typeof value !== 'object' || value === null) return value;
  const hidesState = name === 'Status' && settings.missing.includes('status');
  const entries = Object.entries(value)
    .filter(([key]) => !(hidesState && key === 'State'))
    .map(([key, one]) => [key, toOdd(one, settings, key)]);
  return Object.fromEntries(entries);
}
