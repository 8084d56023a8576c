/**
 * Tags of a server. They are kept as texts, as Nova has them; BMS v1 reads `key=value` in them, or a bare key
 * (otc0113746489).
 */

/** BMS tags every bare-metal server with it, and clients look for it. */
export const bareMetalTag = '__type_baremetal';

export interface KeyValue {
  key: string;
  value: string;
}

export function toKeyValue(tag: string): KeyValue {
  const [key = '', ...rest] = tag.split('=');
  return { key, value: rest.join('=') };
}

export function toTag({ key, value }: KeyValue): string {
  return value === '' ? key : `${key}=${value}`;
}

/** A tag replaces the one with the same key, in its place. */
export function putTags(tags: readonly string[], given: readonly KeyValue[]): string[] {
  const byKey = new Map([...tags.map(toKeyValue), ...given].map((tag) => [tag.key, tag]));
  return [...byKey.values()].map(toTag);
}

export function dropTags(tags: readonly string[], keys: readonly string[]): string[] {
  return tags.filter((tag) => !keys.includes(toKeyValue(tag).key));
}
