/** Pages of lists: rows are cut from ranges of indexes in the order of the list, and joined afterwards. */
import { isIP } from 'node:net';
import { sql, type RawBuilder } from 'kysely';
import { invalid, type IngotError } from '../core/errors.ts';
import type { FieldFilter, Page } from '../core/page.ts';
import type { Sql, Tx } from './database.ts';

type ColumnType =
  'text' | 'uuid' | 'inet' | 'macaddr' | 'boolean' | 'integer' | 'timestamptz' | 'bigint' | 'timestamp';
/** A column or what is computed from some, as SQL, and its type. */
export type Column = readonly [expression: string, type: ColumnType];

export interface Keyset {
  /** What is listed, with what its columns need: `subnets s join networks n on …` */
  from: RawBuilder<unknown>;
  /** What is taken of each row. A page is not joined with its own table again, which would be read in full for that. */
  take: RawBuilder<unknown>;
  /** The column of the id that a marker names. */
  id: string;
  /** Ranges that hold together what the caller sees and do not overlap; each is read no further than the page needs. */
  ranges: RawBuilder<unknown>[];
  where: RawBuilder<unknown>;
  /** A total order; never null. */
  order: readonly (readonly [...Column, direction?: 'asc' | 'desc'])[];
  /** How many of these come from a table that the others depend on; its index is entered at the marker's. */
  leading?: number;
  /** Several rows have the same id and count as one. */
  isGrouped?: boolean;
  /** What is said of a marker that the caller does not see; in Neutron's words unless given. */
  unknown?: (marker: string) => IngotError;
}

/** The rows of a page, in order. What was cut is called `alias` by `columns`, and by `joined` which adds what depends on it. */
export async function readPage<Row>(
  db: Sql | Tx,
  keyset: Keyset,
  page: Page & { offset?: number },
  { alias, columns, joined = sql`` }: Shape,
): Promise<Row[]> {
  const { rows } = await sql<Row>`
    select ${columns} from ${await cutPage(db, keyset, page)} ${sql.raw(alias)} ${joined}
    order by ${inOrder(keyset.order, (_, at) => `${alias}.k${at}`)}`.execute(db);
  return rows;
}

interface Shape {
  alias: string;
  columns: RawBuilder<unknown>;
  joined?: RawBuilder<unknown>;
}

/** A table of the page's rows, with their order in `k0`, `k1`, … */
async function cutPage(
  db: Sql | Tx,
  keyset: Keyset,
  { limit, offset = 0, marker }: Page & { offset?: number },
): Promise<RawBuilder<unknown>> {
  const { from, take, ranges, where, order, isGrouped } = keyset;
  const keys = sql.join(order.map(([column], at) => sql.raw(`${column} as k${at}`)));
  const behind = await after(db, keyset, marker);
  const distinct = sql.raw(isGrouped ? 'distinct' : '');
  // What is passed over may come from any of several ranges.
  const cut = (isOnly: boolean) =>
    ranges.map(
      (range) => sql`(
      select ${distinct} ${take}, ${keys} from ${from} where ${range} and ${where} ${behind}
      order by ${inOrder(order, (column) => column)}
      limit ${isOnly ? limit : limit + offset} offset ${isOnly ? offset : 0})`,
    );
  if (ranges.length === 1) return cut(true)[0]!;
  return sql`(
    select ${distinct} * from (${sql.join(cut(false), sql` union all `)}) ranges
    order by ${inOrder(order, (_, at) => `k${at}`)} limit ${limit} offset ${offset})`;
}

function inOrder(
  order: Keyset['order'],
  nameOf: (column: string, at: number) => string,
): RawBuilder<unknown> {
  return sql.raw(
    order.map(([column, , direction = 'asc'], at) => `${nameOf(column, at)} ${direction}`).join(', '),
  );
}

/**
 * Joins what depends on the rows of another table, one of those after the other, in whose order they are listed; the
 * planner would rather read both tables in full and sort. One that is asked for by its id is found by that.
 */
export function ofEach(
  [table, alias]: [string, string],
  isOf: RawBuilder<unknown>,
  filter: FieldFilter<'id'>,
): RawBuilder<unknown> {
  const one = sql.raw(`${table} ${alias}`);
  if (filter.id) return sql`join ${one} on ${isOf}`;
  return sql`cross join lateral (select * from ${one} where ${isOf} offset 0) ${sql.raw(alias)}`;
}

/** Throws what `unknown` makes of a marker that the caller does not see. */
async function after(
  db: Sql | Tx,
  { from, id, ranges, order, leading = 0, unknown = notFoundHere }: Keyset,
  marker: string | undefined,
): Promise<RawBuilder<unknown>> {
  if (marker === undefined) return sql``;
  const keys = sql.join(order.map(([column], at) => sql.raw(`(${column})::text as k${at}`)));
  const { rows } = await sql<Record<string, string>>`
    select ${keys} from ${from}
    where ${sql.raw(id)} = ${toUuid(marker)}::uuid and (${sql.join(ranges, sql` or `)})
    limit 1`.execute(db);
  const row = rows[0];
  if (!row) throw unknown(marker);
  const values = order.map(([, type], at) => sql`${row[`k${at}`]}::${sql.raw(type)}`);
  if (leading === 0) return sql`and ${beyond(order, values)}`;
  return sql`and ${beyond(order.slice(0, leading), values, '=')} and ${beyond(order, values)}`;
}

function beyond(
  order: Keyset['order'],
  values: RawBuilder<unknown>[],
  orEqual: '' | '=' = '',
): RawBuilder<unknown> {
  const operators = order.map(([, , direction]) => (direction === 'desc' ? '<' : '>'));
  const columns = order.map(([column]) => sql.raw(column));
  if (new Set(operators).size === 1) {
    // A row comparison is one range of an index.
    return sql`(${sql.join(columns)}) ${sql.raw(operators[0]! + orEqual)} (${sql.join(values.slice(0, order.length))})`;
  }
  const branches = columns.map((column, at) => {
    const equal = columns.slice(0, at).map((it, before) => sql`${it} = ${values[before]}`);
    return sql`(${sql.join([...equal, sql`${column} ${sql.raw(operators[at]!)} ${values[at]}`], sql` and `)})`;
  });
  return sql`(${sql.join(branches, sql` or `)})`;
}

export function notFoundHere(marker: string): IngotError {
  return invalid(`The marker ${marker} could not be found.`, 'marker');
}

/** As a primary key has it, which a comparison of texts would not use; what is no UUID is nobody's id. */
export function toUuid(marker: string): string | null {
  return /^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/i.test(marker) ? marker : null;
}

export const isReadable: Record<ColumnType, (value: string) => boolean> = {
  text: () => true,
  uuid: (value) => toUuid(value) !== null,
  inet: (value) => isIP(value) !== 0,
  macaddr: (value) => /^[0-9a-f]{2}([:-]?[0-9a-f]{2}){5}$/i.test(value),
  boolean: (value) => /^(true|false)$/i.test(value),
  integer: (value) => /^-?\d{1,9}$/.test(value),
  bigint: (value) => /^-?\d{1,18}$/.test(value),
  timestamp: (value) => !Number.isNaN(Date.parse(value)),
  timestamptz: (value) => !Number.isNaN(Date.parse(value)),
};

/** Values are compared as the column has them, so that its index is used; what it cannot have is left out. */
export function matching<Field extends string>(
  columns: Readonly<Record<Field, Column>>,
  filter: FieldFilter<Field>,
): RawBuilder<unknown> {
  const fields = Object.keys(filter) as Field[];
  const parts = fields.flatMap((field) => {
    const values = filter[field];
    if (!values) return [];
    const [column, type] = columns[field];
    return [sql`${sql.raw(column)} = any(${values.filter(isReadable[type])}::${sql.raw(type)}[])`];
  });
  return parts.length === 0 ? sql`true` : sql.join(parts, sql` and `);
}
