/** Pages of Neutron's lists: a parameter named after a field narrows the list; repeated, its values are or-ed. */
import { invalid } from '../../core/errors.ts';
import type { FieldFilter, Page } from '../../core/page.ts';
import { ok, single, type Answer, type Call } from '../api.ts';

type WireRecord = { id: string } & Record<string, unknown>;

const mostPerPage = 1_000;

export interface Selection<Field extends string> {
  /** As in the link to the next page, with hyphens instead, and as the key of the answer. */
  name: string;
  /** Our word for each parameter. */
  fields: Readonly<Record<string, Field>>;
  /** What all records have in common: another value finds none. */
  fixed: Readonly<Record<string, string>>;
  /** Parameters that are no plain field. */
  more?: (values: (name: string) => string[] | undefined) => FieldFilter<Field>;
}

/** @param list finds one record more than the page holds, where there is one */
export async function select<Field extends string>(
  call: Call,
  { name, fields, fixed, more }: Selection<Field>,
  list: (filter: FieldFilter<Field>, page: Page) => Promise<WireRecord[]>,
): Promise<Answer> {
  const limit = parseLimit(call);
  const marker = single(call, 'marker');
  const values = (key: string) => (Object.hasOwn(call.query, key) ? valuesOf(call, key) : undefined);
  const isNobody = Object.entries(fixed).some(([key, value]) => isOther(values(key), value));
  const filter: FieldFilter<Field> = more?.(values) ?? {};
  for (const [key, field] of Object.entries(fields)) {
    const asked = values(key);
    // `project_id` and `tenant_id` are one field: both must hold.
    if (asked) filter[field] = filter[field]?.filter((value) => asked.includes(value)) ?? asked;
  }
  const page = { limit: limit + 1, ...(marker === undefined ? {} : { marker }) };
  const found = isNobody ? [] : await list(filter, page);
  const shown = found.slice(0, limit);
  const links = found.length > limit ? { [`${name}_links`]: [toNext(call, name, shown.at(-1)!.id)] } : {};
  return ok({ [name]: shown.map((record) => chooseFields(call, record)), ...links });
}

function isOther(asked: string[] | undefined, value: string): boolean {
  return asked !== undefined && !asked.some((one) => one.toLowerCase() === value.toLowerCase());
}

function valuesOf(call: Call, key: string): string[] {
  const value = call.query[key];
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

function parseLimit(call: Call): number {
  const text = single(call, 'limit') ?? '0';
  if (!/^\d+$/.test(text)) throw invalid(`Bad limit: ${text}`, 'limit');
  return Math.min(Number(text) || mostPerPage, mostPerPage);
}

function toNext(call: Call, name: string, marker: string) {
  const query = new URLSearchParams();
  for (const key of Object.keys(call.query)) {
    if (key !== 'marker') for (const value of valuesOf(call, key)) query.append(key, value);
  }
  query.set('marker', marker);
  return {
    rel: 'next',
    href: `${call.origin}/network/v2.0/${name.replaceAll('_', '-')}?${query.toString()}`,
  };
}

/** `fields=id&fields=name` */
function chooseFields(call: Call, record: WireRecord): Partial<WireRecord> {
  const fields = valuesOf(call, 'fields').flatMap((value) => value.split(','));
  if (fields.length === 0) return record;
  return Object.fromEntries(Object.entries(record).filter(([key]) => fields.includes(key)));
}
