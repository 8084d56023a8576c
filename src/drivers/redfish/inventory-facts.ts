/** Picking facts out of Redfish resources; what is not there, or is no text or number, is left out. */
import type { Status } from '../../core/hardware.ts';
import { toNumber, toRecord, toText, type Json } from './fields.ts';

/** @param texts our name → path in the resource, by dots ("Status.Health") */
export function pick<Texts extends string>(
  resource: Json,
  texts: Record<Texts, string>,
): Partial<Record<Texts, string>>;
export function pick<Texts extends string, Numbers extends string>(
  resource: Json,
  texts: Record<Texts, string>,
  numbers: Record<Numbers, string>,
): Partial<Record<Texts, string> & Record<Numbers, number>>;
export function pick(
  resource: Json,
  texts: Record<string, string>,
  numbers: Record<string, string> = {},
): object {
  const found: Record<string, string | number> = {};
  for (const [name, path] of Object.entries(texts)) {
    const text = toText(at(resource, path));
    if (text !== null) found[name] = text;
  }
  for (const [name, path] of Object.entries(numbers)) {
    const number = toNumber(at(resource, path));
    if (number !== null) found[name] = number;
  }
  return found;
}

function at(resource: Json, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => toRecord(value)[name], resource);
}

export function nameOf(resource: Json): string | null {
  return toText(resource['Name']) ?? toText(resource['Id']) ?? toText(resource['MemberId']);
}

export function toStatus(status: Json): Status {
  return pick(status, { state: 'State', health: 'Health' });
}
