/** What bodies may say: metadata, user data, references (otc0000002374101005, upstream). */
import { IngotError, invalid } from '../../core/errors.ts';

/** As `maxServerMeta` of the limits says. */
export const mostMetadata = 128;

export function checkMetadata(metadata: Record<string, string> | undefined): void {
  const asked = Object.keys(metadata ?? {}).length;
  if (asked <= mostMetadata) return;
  throw new IngotError({
    kind: 'quota',
    message: `Quota exceeded for metadata_items: Requested ${asked}, but at most ${mostMetadata} are allowed`,
  });
}

/** Before it was encoded. */
const mostUserDataBytes = 32_768;

export function checkUserData(userData: string): void {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(userData.replace(/\s+/g, ''))) {
    throw invalid('User data needs to be valid base 64.', 'user_data');
  }
  if (Buffer.from(userData, 'base64').length > mostUserDataBytes) {
    throw invalid(
      `User data too large. User data must be no larger than ${mostUserDataBytes} bytes.`,
      'user_data',
    );
  }
}

/** A reference is an id, or the URL that ends with it. */
export function toId(reference: string): string {
  return reference.replace(/\/$/, '').split('/').at(-1)!;
}

const mostTags = 50;
const longestTag = 80;

/** The tags of a server, each once. */
export function checkTags(tags: readonly string[]): string[] {
  const wrong = tags.find((tag) => !/^[^./,][^/,]*$/s.test(tag) || tag.length > longestTag);
  if (wrong !== undefined) throw invalid(`Invalid tag: ${wrong}`, 'tags');
  const once = [...new Set(tags)];
  if (once.length > mostTags) throw invalid(`The number of tags exceeded the per-server limit ${mostTags}`);
  return once;
}

/** Upstream tells a guest the tags of its devices; as its driver for bare metal does, we refuse them. */
export function checkDeviceTag(tag: string | undefined): void {
  if (tag !== undefined) throw invalid('Tags of devices are not supported on bare metal.', 'tag');
}
