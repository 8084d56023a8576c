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
