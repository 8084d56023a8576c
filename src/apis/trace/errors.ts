/** Our kinds of failure in the envelope of Cloud Trace Service; its codes have the form `CTS.nnnn`. */
import type { ErrorKind, IngotError } from '../../core/errors.ts';
import type { Answer } from '../api.ts';

const codes: Partial<Record<ErrorKind, [statusCode: number, code: string]>> = {
  unauthenticated: [401, 'APIGW.0301'],
  'not-allowed': [403, 'CTS.0002'],
  'not-found': [404, 'APIGW.0101'],
  'wrong-method': [405, 'APIGW.0101'],
  'too-many-requests': [429, 'APIGW.0308'],
  'too-large': [413, 'APIGW.0201'],
  'too-slow': [408, 'APIGW.0201'],
  internal: [500, 'CTS.0200'],
  unavailable: [503, 'CTS.0200'],
};

export function toError({ facts }: IngotError): Answer {
  const [statusCode, code] = codes[facts.kind] ?? [400, 'CTS.0003'];
  return { statusCode, body: { error_code: code, error_msg: facts.message } };
}
