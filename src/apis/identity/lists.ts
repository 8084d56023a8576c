/** What all lists of Keystone have in common. */
import { ok, single, type Answer, type Call } from '../api.ts';

/** Never paged: Keystone's own clients do not follow links. */
export function listed<T>(
  call: Call,
  name: string,
  all: T[],
  toWire: (one: T, origin: string) => unknown,
): Answer {
  const { origin, path } = call;
  const links = { self: origin + path, previous: null, next: null };
  return ok({ [name]: all.map((one) => toWire(one, origin)), links });
}

/** A yes or no in the query. As in Keystone `0` and `false` are no, all else is yes, also a bare name. */
export function flag(call: Call, name: string): boolean | undefined {
  const given = single(call, name);
  return given === undefined ? undefined : !/^(0|false)$/i.test(given);
}

/** The query's `enabled` and `name`, compared exactly: clients take the first of a list for the one they named. */
export function asAsked<T extends { name: string; enabled: boolean }>(call: Call, all: T[]): T[] {
  const enabled = flag(call, 'enabled');
  const name = single(call, 'name');
  return all.filter((one) => (enabled ?? one.enabled) === one.enabled && (name ?? one.name) === one.name);
}
