/**
 * Our kinds of failure in the codes and envelope of CloudDC: `{error_code, error_msg}`. The envelope is documented, the
 * codes are not: no table was found, so they follow the form of the sibling services and stand here only.
 */
import type { ErrorFacts, ErrorKind, IngotError } from '../../core/errors.ts';
import { toInstanceState, type State } from '../../core/lifecycle.ts';
import type { Answer, Call } from '../api.ts';

export interface CloudDcError {
  error_code: string;
  error_msg: string;
}

const codes = {
  wrongParameter: { statusCode: 400, code: 'CloudDC.0001' },
  wrongState: { statusCode: 400, code: 'CloudDC.0002' },
  noReadyServer: { statusCode: 400, code: 'CloudDC.0003' },
  denied: { statusCode: 403, code: 'CloudDC.0403' },
  unknown: { statusCode: 404, code: 'CloudDC.0404' },
  internal: { statusCode: 500, code: 'CloudDC.0500' },
  /** Only in the `error` of an instance or a machine. */
  hardwareFailed: { statusCode: 500, code: 'CloudDC.0501' },
  deadlinePassed: { statusCode: 500, code: 'CloudDC.0502' },
  /** The gateway's, whose answers carry a `request_id` besides. */
  unauthenticated: { statusCode: 401, code: 'APIGW.0301' },
  unknownPath: { statusCode: 404, code: 'APIGW.0101' },
  wrongMethod: { statusCode: 405, code: 'APIGW.0101' },
  tooLarge: { statusCode: 413, code: 'APIGW.0201' },
  tooSlow: { statusCode: 408, code: 'APIGW.0201' },
  throttled: { statusCode: 429, code: 'APIGW.0308' },
} as const;
type Case = keyof typeof codes;

const cases: Record<ErrorKind, Case> = {
  'not-found': 'unknown',
  'not-allowed': 'denied',
  unauthenticated: 'unauthenticated',
  invalid: 'wrongParameter',
  'wrong-method': 'wrongMethod',
  conflict: 'wrongState',
  'state-refuses': 'wrongState',
  quota: 'wrongParameter',
  'no-capacity': 'noReadyServer',
  'too-many-requests': 'throttled',
  'too-large': 'tooLarge',
  'too-slow': 'tooSlow',
  // 503 is not among the documented status codes.
  unavailable: 'internal',
  hardware: 'hardwareFailed',
  deadline: 'deadlinePassed',
  superseded: 'wrongState',
  internal: 'internal',
};

/** 404 is for what the path or an id list names; what a body names besides is a parameter of it. */
const parameters: readonly unknown[] = ['image', 'network', 'vpc', 'flavor', 'availability zone'];

function toCase({ kind, subject, code }: ErrorFacts): Case {
  if (code === 'Common.0018') return 'denied'; // the project of the path is not the token's
  if (kind === 'not-found' && subject === 'path') return 'unknownPath';
  if (kind === 'not-found' && parameters.includes(subject)) return 'wrongParameter';
  if (kind === 'conflict' && subject === 'address') return 'wrongParameter';
  return cases[kind];
}

/** The code of a failure of asynchronous work, for the `error` of an instance or a machine. */
export function toErrorCode(kind: ErrorKind): string {
  return codes[cases[kind]].code;
}

/** In the words of this API: our states as instance states, our node as its server. */
function toMessage({ kind, subject, id, operation, wish, state, wanted, message }: ErrorFacts): string {
  if (kind === 'not-found' && subject === 'node') return `The server ${id} does not exist.`;
  if (kind !== 'state-refuses' || !state) return message;
  const inState = (it: State) => toInstanceState({ state: it, taskState: null });
  const would = [...new Set(wanted?.map(inState))].join(' or ') || 'another way';
  return `The instance ${id} is ${inState(state)}; ${operation ?? wish ?? 'this'} needs ${would}.`;
}

export function toError(error: IngotError, { requestId }: Pick<Call, 'requestId'>): Answer {
  const { statusCode, code } = codes[toCase(error.facts)];
  const body: CloudDcError = { error_code: code, error_msg: toMessage(error.facts) };
  return { statusCode, body: code.startsWith('APIGW') ? { ...body, request_id: requestId } : body };
}
