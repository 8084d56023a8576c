/** What the query of a list asks for: fields and properties that must have a value, an order, a page. */
import { invalid } from '../../core/errors.ts';
import {
  imageSortKeys,
  visibilities,
  type ImageFilter,
  type ImagePage,
  type ImageSortKey,
  type TimeRange,
} from '../../core/image.ts';
import { single, type Call } from '../api.ts';

const mostPerPage = 1_000;
const aboutPages = ['limit', 'marker', 'sort', 'sort_key', 'sort_dir'];

export function toPage(call: Call): ImagePage {
  const marker = single(call, 'marker');
  return { limit: parseLimit(call), sort: parseSort(call), ...(marker === undefined ? {} : { marker }) };
}

function parseLimit(call: Call): number {
  const text = single(call, 'limit') ?? String(mostPerPage);
  if (!/^\d+$/.test(text)) throw invalid('limit param must be an integer', 'limit');
  return Math.min(Number(text), mostPerPage);
}

/** `sort=name:asc,size`, or the older pairs of sort_key and sort_dir; newest first unless asked otherwise. */
function parseSort(call: Call): ImagePage['sort'] {
  const sort = single(call, 'sort');
  const keys = many(call, 'sort_key');
  const directions = many(call, 'sort_dir');
  if (sort !== undefined && (keys.length > 0 || directions.length > 0)) {
    throw invalid('Old and new sorting syntax cannot be combined', 'sort');
  }
  if (directions.length > 1 && directions.length !== keys.length) {
    throw invalid('Number of sort dirs does not match the number of sort keys', 'sort_dir');
  }
  const asked =
    sort === undefined
      ? keys.map((key, at) => [key, directions[at] ?? directions[0]] as const)
      : sort.split(',').map((word) => word.trim().split(':', 2) as [string, string | undefined]);
  if (asked.length === 0) return [{ key: 'created_at', descending: directions[0] !== 'asc' }];
  return asked.map(([key, direction = 'desc']) => {
    if (!imageSortKeys.includes(key as ImageSortKey)) throw invalid(`Invalid sort key: ${key}`, 'sort');
    if (direction !== 'asc' && direction !== 'desc')
      throw invalid(`Invalid sort direction: ${direction}`, 'sort');
    return { key: key as ImageSortKey, descending: direction === 'desc' };
  });
}

type Read = (filter: ImageFilter, values: string[], name: string) => void;

const one =
  <Name extends keyof ImageFilter>(
    name: Name,
    parse: (text: string, field: string) => ImageFilter[Name],
  ): Read =>
  (filter, values, field) => {
    filter[name] = parse(values.at(-1)!, field);
  };
const several =
  (name: 'ids' | 'names' | 'statuses' | 'diskFormats' | 'containerFormats'): Read =>
  (filter, values) => {
    filter[name] = toWords(values.at(-1)!);
  };
const ranges =
  (name: 'created' | 'updated'): Read =>
  (filter, values, field) => {
    filter[name] = values.map((value) => toRange(value, field));
  };

const filters: Readonly<Record<string, Read>> = {
  id: several('ids'),
  name: several('names'),
  status: several('statuses'),
  disk_format: several('diskFormats'),
  container_format: several('containerFormats'),
  owner: one('owner', String),
  visibility: (filter, values) => {
    const word = values.at(-1)!;
    if (word === 'all') return;
    if (!(visibilities as readonly string[]).includes(word)) {
      throw invalid(`Invalid visibility value: ${word}`, 'visibility');
    }
    filter.visibility = word;
  },
  member_status: one('memberStatus', (text) => {
    const word = (['accepted', 'pending', 'rejected', 'all'] as const).find((it) => it === text);
    if (!word) throw invalid(`Invalid status: ${text}`, 'member_status');
    return word;
  }),
  protected: one('isProtected', toFlag),
  os_hidden: one('isHidden', toFlag),
  tag: (filter, values) => {
    filter.tags = values;
  },
  checksum: one('md5', String),
  os_hash_value: one('sha512', String),
  os_type: one('osType', String),
  __os_type: one('osType', String),
  size_min: one('sizeMin', toWhole),
  size_max: one('sizeMax', toWhole),
  min_disk: one('minDiskGb', toWhole),
  min_ram: one('minRamMib', toWhole),
  created_at: ranges('created'),
  updated_at: ranges('updated'),
  // Words of IMS that say nothing here: there is one enterprise project and one platform.
  enterprise_project_id: () => undefined,
  __platform: () => undefined,
};

/** Names that are no field are properties. */
export function toFilter(call: Call, projectId: string): ImageFilter {
  const filter: ImageFilter = { projectId, isHidden: false };
  const properties: Record<string, string> = {};
  for (const name of Object.keys(call.query)) {
    if (aboutPages.includes(name)) continue;
    const values = many(call, name);
    if (Object.hasOwn(filters, name)) filters[name]!(filter, values, name);
    else properties[name] = values.at(-1)!;
  }
  return Object.keys(properties).length > 0 ? { ...filter, properties } : filter;
}

function many(call: Call, name: string): string[] {
  const value = call.query[name];
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

/** `in:a,b` allows several; a word with a comma stands in quotes. */
function toWords(text: string): string[] {
  if (!text.startsWith('in:')) return [text];
  const words = text.slice(3).match(/"[^"]*"|[^,]+/g) ?? [];
  return words.map((word) => word.replace(/^"(.*)"$/, '$1'));
}

function toFlag(text: string, field: string): boolean {
  if (!/^(true|false)$/i.test(text))
    throw invalid(`Invalid value '${text}' for '${field}' filter. Valid values are 'true', 'false'.`, field);
  return text.toLowerCase() === 'true';
}

function toWhole(text: string, field: string): number {
  if (!/^\d{1,18}$/.test(text)) throw invalid(`${field} must be a whole number, not "${text}".`, field);
  return Number(text);
}

/** `gt:2026-03-02T08:15:04Z`; without a word before it: equal. */
function toRange(text: string, field: string): TimeRange {
  const [, word, time] = /^(?:(gt|gte|lt|lte|eq|neq):)?(.+)$/.exec(text) ?? [];
  const at = new Date(time ?? '');
  if (Number.isNaN(at.getTime())) throw invalid(`Unable to parse ${field}: "${text}" is no time.`, field);
  return { comparison: (word ?? 'eq') as TimeRange['comparison'], at };
}
