/** Our kinds of failure as IAM's own calls (`/v3.0`) have them (IAM API reference, "Error Codes"). */
import type { ErrorFacts, ErrorKind } from '../../core/errors.ts';
import type { Answer } from '../api.ts';

const codes: Partial<Record<ErrorKind, [statusCode: number, code: string]>> = {
  unauthenticated: [401, 'IAM.0001'],
  'not-allowed': [403, 'IAM.0002'],
  'not-found': [404, 'IAM.0004'],
  conflict: [409, 'IAM.0005'],
  invalid: [400, 'IAM.0011'],
  // No code is documented for it.
  quota: [400, 'IAM.0011'],
  // These are the gateway's.
  'wrong-method': [405, 'APIGW.0101'],
  'too-many-requests': [429, 'APIGW.0308'],
  'too-large': [413, 'APIGW.0201'],
  'too-slow': [408, 'APIGW.0201'],
  unavailable: [503, 'IAM.0006'],
};

export function toIamError({ kind, message }: ErrorFacts, requestId?: string): Answer {
  const [statusCode, code] = codes[kind] ?? [500, 'IAM.0006'];
  const unexpected = 'An unexpected error prevented the server from fulfilling your request.';
  return {
    statusCode,
    body: {
      error_msg: statusCode === 500 ? unexpected : message,
      error_code: code,
      ...(requestId && { request_id: requestId }),
    },
  };
}
