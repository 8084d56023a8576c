/** Which records a Neutron list holds: a parameter named after a field narrows it; repeated, its values are or-ed. */
import { invalid } from '../../core/errors.ts';
import { ok, single, type Answer, type Call } from '../api.ts';

type WireRecord = { id: string } & Record<string, unknown>;

const mostPerPage = 1_000;

/** `path` as in the link to the next page, `name` as the key of the answer. */
export function select(call: Call, name: string, records: WireRecord[]): Answer {
  const found = after(
    call,
    records.filter((record) => isWanted(call, record)),
  );
  const limit = parseLimit(call);
  const page = found.slice(0, limit);
  const links = found.length > limit ? { [`${name}_links`]: [toNext(call, name, page.at(-1)!.id)] } : {};
  return ok({ [name]: page.map((record) => chooseFields(call, record)), ...links });
}

function valuesOf(call: Call, key: string): string[] {
  const value = call.query[key];
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

function isWanted(call: Call, record: WireRecord): boolean {
  return Object.keys(call.query).every((key) => {
    const values = valuesOf(call, key);
    if (key === 'fixed_ips') return values.every((value) => hasAddress(record, value));
    const held = Object.hasOwn(record, key) ? record[key] : undefined;
    if (typeof held === 'boolean') return values.some((value) => value.toLowerCase() === String(held));
    if (typeof held !== 'string' && typeof held !== 'number') return true;
    return values.includes(String(held));
  });
}

/** `fixed_ips=ip_address=10.20.0.14` or `fixed_ips=subnet_id=…` */
function hasAddress(record: WireRecord, condition: string): boolean {
  const [key = '', ...rest] = condition.split('=');
  const addresses = (record['fixed_ips'] ?? []) as Record<string, string>[];
  return addresses.some((address) => address[key] === rest.join('='));
}

function parseLimit(call: Call): number {
  const text = single(call, 'limit') ?? '0';
  if (!/^\d+$/.test(text)) throw invalid(`Bad limit: ${text}`, 'limit');
  return Math.min(Number(text) || mostPerPage, mostPerPage);
}

function after(call: Call, records: WireRecord[]): WireRecord[] {
  const marker = single(call, 'marker');
  if (marker === undefined) return records;
  const at = records.findIndex(({ id }) => id === marker);
  if (at < 0) throw invalid(`The marker ${marker} could not be found.`, 'marker');
  return records.slice(at + 1);
}

function toNext(call: Call, name: string, marker: string) {
  const query = new URLSearchParams();
  for (const key of Object.keys(call.query)) {
    if (key !== 'marker') for (const value of valuesOf(call, key)) query.append(key, value);
  }
  query.set('marker', marker);
  return { rel: 'next', href: `${call.origin}/network/v2.0/${name}?${query.toString()}` };
}

/** `fields=id&fields=name` */
function chooseFields(call: Call, record: WireRecord): Partial<WireRecord> {
  const fields = valuesOf(call, 'fields').flatMap((value) => value.split(','));
  if (fields.length === 0) return record;
  return Object.fromEntries(Object.entries(record).filter(([key]) => fields.includes(key)));
}
