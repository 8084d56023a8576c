/** Our kinds of failure in the codes and envelopes of BMS v1 (otc0107541808, hw0802; gateway: APIGW codes). */
import type { ErrorFacts, IngotError } from '../../core/errors.ts';
import { lifecycle } from '../../core/lifecycle.ts';
import { operationKinds } from '../../core/operations.ts';
import type { Answer, Call } from '../api.ts';

export interface BmsError {
  code: string;
  message: string;
}

/** Code and text of a refusal or failure; in an answer, or in the `error_code` of a sub-job. */
export function toBmsError(facts: ErrorFacts): BmsError {
  const { code, message } = facts;
  if (code?.startsWith('BMS.') || code?.startsWith('Common.')) return { code, message };
  switch (facts.kind) {
    case 'invalid':
      return code === 'malformed'
        ? { code: 'BMS.0001', message: `Fail to parse request, reason: ${message}` }
        : { code: 'BMS.0018', message: `Request parameter is invalid. ${message}` };
    case 'not-found':
      return toMissing(facts);
    case 'state-refuses':
      return toRefusal(facts);
    case 'conflict':
      if (facts.operation || code === 'locked') return { code: 'BMS.0605', message: 'the BMS is locked.' };
      return facts.subject === 'address' ? { code: 'BMS.0014', message } : { code: 'BMS.0018', message };
    case 'not-allowed':
      return { code: 'BMS.0288', message };
    case 'quota':
      return { code: 'BMS.0025', message };
    case 'no-capacity':
      return message.startsWith('Check capacity')
        ? { code: 'BMS.0054', message }
        : { code: 'BMS.3037', message: `Insufficient resources or failed to start the BMS. ${message}` };
    case 'too-many-requests':
    case 'unavailable':
      return { code: 'BMS.0212', message: 'System is overloaded, please try again later.' };
    default:
      return { code: 'BMS.0006', message: `Fail to operate baremetal server. ${message}` };
  }
}

function toMissing({ subject, id, message }: ErrorFacts): BmsError {
  switch (subject) {
    case 'flavor':
      return { code: 'BMS.0021', message: `Flavor parameter is illegal, reason: ${message}` };
    case 'image':
      return {
        code: 'BMS.0011',
        message: `The selected images cannot be used to apply for BMSs, ${message}`,
      };
    case 'network':
      return { code: 'BMS.0080', message: `Check subnet status failed. ${message}` };
    case 'vpc':
      return { code: 'BMS.0246', message: `The vpcId[${id}] is invalid or not-existing.` };
    case 'keypair':
      return { code: 'BMS.0049', message: `Query keypair fail, reason is: ${message}` };
    case 'availability zone':
      return { code: 'BMS.0208', message };
    case 'server':
      return { code: 'BMS.0040', message: 'The server does not exist.' };
    default:
      return { code: 'BMS.0018', message: `Request parameter is invalid. ${message}` };
  }
}

/** The documented guard of the state where it has one, else the generic code with the states that would do. */
function toRefusal({ operation, wish, state, message }: ErrorFacts): BmsError {
  const refusal = state && lifecycle[state].refusal;
  const verb = operation ? operationKinds[operation].verb : wish;
  const isGuarded =
    refusal && verb !== undefined && (refusal.only === undefined || refusal.only === operation);
  if (!isGuarded) return { code: 'BMS.0006', message: `Fail to operate baremetal server. ${message}` };
  return { code: refusal.code, message: refusal.says.replace('%s', verb) };
}

const gateway: Partial<Record<ErrorFacts['kind'], { statusCode: number; code: string }>> = {
  unauthenticated: { statusCode: 401, code: 'APIGW.0301' },
  // The gateway's documentation has the same code for an unknown path and for an unknown method of a known one.
  'wrong-method': { statusCode: 405, code: 'APIGW.0101' },
  'too-many-requests': { statusCode: 429, code: 'APIGW.0308' },
  'too-large': { statusCode: 413, code: 'APIGW.0201' },
  // The gateway's table has nothing for 408; this is its code for a body that will not do.
  'too-slow': { statusCode: 408, code: 'APIGW.0201' },
};

export function toError(error: IngotError, { requestId }: Pick<Call, 'requestId'>): Answer {
  const { facts } = error;
  const atGateway = gateway[facts.kind];
  if (atGateway || (facts.kind === 'not-found' && facts.subject === 'path')) {
    const { statusCode, code } = atGateway ?? { statusCode: 404, code: 'APIGW.0101' };
    const message = atGateway
      ? facts.message
      : 'The API does not exist or has not been published in the environment';
    return { statusCode, body: { error_msg: message, error_code: code, request_id: requestId } };
  }
  return { statusCode: toStatusCode(facts), body: { error: toBmsError(facts) } };
}

/** 400 for nearly everything, as documented; 404 only where a client relies on it (the detail of a server, a job). */
function toStatusCode({ kind, code }: ErrorFacts): number {
  if (code === 'detail' || (kind === 'not-found' && code === 'job')) return 404;
  switch (kind) {
    case 'not-allowed':
      return 403;
    case 'unavailable':
      return 503;
    case 'internal':
      return 500;
    default:
      return 400;
  }
}
