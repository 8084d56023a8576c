/**
 * Our kinds of failure in the common codes of the billing API (BSS). CBC.0150 and CBC.0156 are never used: a client takes
 * them, with 403, for a hint to ask the billing of another website.
 */
import type { ErrorKind, IngotError } from '../../core/errors.ts';
import type { Answer } from '../api.ts';

const codes: Partial<Record<ErrorKind, [statusCode: number, code: string]>> = {
  unauthenticated: [401, 'APIGW.0301'],
  'not-allowed': [403, 'CBC.0151'],
  'not-found': [404, 'CBC.0100'],
  'wrong-method': [405, 'APIGW.0101'],
  'too-many-requests': [429, 'APIGW.0308'],
  'too-large': [413, 'APIGW.0201'],
  'too-slow': [408, 'APIGW.0201'],
  internal: [500, 'CBC.0999'],
  unavailable: [503, 'CBC.0999'],
};

export function toError({ facts }: IngotError): Answer {
  const [statusCode, code] = codes[facts.kind] ?? [400, 'CBC.0100'];
  return { statusCode, body: { error_code: code, error_msg: facts.message } };
}
