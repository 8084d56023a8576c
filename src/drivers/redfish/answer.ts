/** What a BMC answered to one request, and how its refusals become the driver's errors. */
import { DriverError } from '../../core/ports.ts';
import { toList, toRecord, toText, type Json } from './fields.ts';

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

export interface Answer {
  method: Method;
  path: string;
  statusCode: number;
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  /** An empty object when the body is empty or no JSON object. */
  body: Json;
}

export function isSuccess(answer: Answer): boolean {
  return answer.statusCode >= 200 && answer.statusCode < 300;
}

/** A BMC that names a wait longer than this is looked at anyway after so many milliseconds. */
const longestRetryAfterMs = 300_000;

/**
 * `Retry-After` in milliseconds; null without one. A date is read against the answer's own Date header, for BMC
 * clocks are often wrong (RFC 9110 10.2.3).
 */
export function retryAfterMs(answer: Answer, now: number): number | null {
  const header = answer.headers['retry-after']?.trim();
  if (!header) return null;
  const sentAt = Date.parse(answer.headers['date'] ?? '');
  const wait = /^\d+$/.test(header)
    ? Number(header) * 1000
    : Date.parse(header) - (Number.isNaN(sentAt) ? now : sentAt);
  return Number.isNaN(wait) ? null : Math.min(Math.max(wait, 0), longestRetryAfterMs);
}

/** DSP0266 "Error responses": `error["@Message.ExtendedInfo"]`; as an annotation of a resource it stands at the top. */
function messages(answer: Answer): Json[] {
  const error = toRecord(answer.body['error']);
  const extended = toList(error['@Message.ExtendedInfo'] ?? answer.body['@Message.ExtendedInfo']).map(
    toRecord,
  );
  return extended.length > 0 ? extended : [{ MessageId: error['code'], Message: error['message'] }];
}

export function hasMessage(answer: Answer, ids: RegExp): boolean {
  return messages(answer).some((message) => ids.test(toText(message['MessageId']) ?? ''));
}

/** The first argument of a message that is a path on the BMC. */
export function pathOf(answer: Answer, ids: RegExp): string | null {
  const args = messages(answer)
    .filter((message) => ids.test(toText(message['MessageId']) ?? ''))
    .flatMap((message) => toList(message['MessageArgs']).map(toText));
  return args.find((arg) => arg?.startsWith('/redfish/')) ?? null;
}

export const sessionLimit = /SessionLimitExceeded/;

/** 403 is for what an account may not do; some answer it to a session that is over (sushy, AccessError). */
export function isLoggedOut(answer: Answer): boolean {
  return answer.statusCode === 401 || (answer.statusCode === 403 && hasMessage(answer, /NoValidSession/));
}

/** DSP0266 "Password change required response": nothing else is answered until then. */
export const passwordChange = /PasswordChangeRequired/;
export const changeFirst =
  'The BMC wants the password of this account changed before it answers anything; change it there and give the new one to the node';

/**
 * "Not ready" in the dress of a 4xx or 5xx: Dell SYS518 and HPE iLO InvalidOperationForSystemState (sushy connector),
 * iLO UnableToModifyDuringSystemPOST (LP 2136275), and the Base registry's own words for later.
 */
const notReady =
  /SYS518|InvalidOperationForSystemState|UnableToModifyDuringSystemPOST|ServiceTemporarilyUnavailable|ServiceShuttingDown|ResourceInUse|ResourceInStandby|SessionLimitExceeded/;

/** One line: "The BMC answered 400 to POST /…: Base.1.8.ActionNotSupported (words)". Request bodies never appear. */
export function describe(answer: Answer): string {
  const said = messages(answer)
    .map(({ MessageId, Message }) => [toText(MessageId), toText(Message)])
    .filter(([id, words]) => id || words)
    .map(([id, words]) => (id && words ? `${id} (${words})` : (id ?? words)))
    .join('; ')
    .replaceAll(/\s+/g, ' ')
    .slice(0, 300);
  const asked = `The BMC answered ${answer.statusCode} to ${answer.method} ${answer.path}`;
  return said ? `${asked}: ${said}` : asked;
}

/** The error that an answer other than 2xx stands for. `patienceMs` is used when it is busy and names no time. */
export function toDriverError(answer: Answer, now: number, patienceMs: number): DriverError {
  const { statusCode } = answer;
  const words = describe(answer);
  if (isBusy(answer)) {
    return new DriverError('busy', words, { retryAfterMs: retryAfterMs(answer, now) ?? patienceMs });
  }
  if (statusCode === 403 && hasMessage(answer, passwordChange)) return new DriverError('denied', changeFirst);
  if (statusCode === 401 || statusCode === 403) return new DriverError('denied', words);
  if (statusCode === 405 || statusCode === 501) return new DriverError('unsupported', words);
  return new DriverError('rejected', words);
}

/** 409 counts as busy: iDRAC10 answers it to On right after ForceOff (LP 2162995). */
export function isBusy(answer: Answer): boolean {
  const { statusCode } = answer;
  if (statusCode === 501) return false;
  return statusCode >= 500 || [408, 409, 425, 429].includes(statusCode) || hasMessage(answer, notReady);
}
