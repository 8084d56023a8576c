/**
 * Reading Redfish JSON as it comes in the field: properties may be null, absent, empty or of another type (seen:
 * CapacityBytes null, MACAddress "", numbers as strings; sushy, gofish, Ironic). Nothing here throws.
 */
export type Json = Record<string, unknown>;

export function toRecord(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

/** A list; one object where a list belongs counts as a list of one (seen with @Message.ExtendedInfo, sushy). */
export function toList(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return value === null || value === undefined ? [] : [value];
}

export function toText(value: unknown): string | null {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') return null;
  return value.trim() === '' ? null : value.trim();
}

/** Finite and not negative, else null. */
export function toNumber(value: unknown): number | null {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : null;
}

/** The path that a reference `{"@odata.id": "/…"}` points to, without its fragment. */
export function toLink(value: unknown): string | null {
  return toText(toRecord(value)['@odata.id'])?.split('#')[0] ?? null;
}

export function toLinks(value: unknown): string[] {
  return toList(value)
    .map(toLink)
    .filter((link) => link !== null);
}

export function toTexts(value: unknown): string[] | null {
  if (!Array.isArray(value)) return null;
  return value.map(toText).filter((text) => text !== null);
}
