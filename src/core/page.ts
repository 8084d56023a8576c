/** How lists are narrowed and cut. */

export interface Page {
  limit: number;
  /** Keyset: the id of the last record of the page before. */
  marker?: string;
}

/** Records that have any of these values in each of these fields. What no record can have finds none. */
export type FieldFilter<Field extends string> = Partial<Record<Field, string[]>>;
