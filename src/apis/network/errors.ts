/** Our kinds of failure as Neutron tells them: an exception's name and its words. */
import type { ErrorFacts, ErrorKind, IngotError } from '../../core/errors.ts';
import type { Answer, Call } from '../api.ts';
import { toUnauthenticated } from '../keystone-middleware.ts';

const errors: Partial<Record<ErrorKind, [statusCode: number, type: string]>> = {
  'not-found': [404, 'HTTPNotFound'],
  'not-allowed': [403, 'PolicyNotAuthorized'],
  invalid: [400, 'HTTPBadRequest'],
  'wrong-method': [405, 'HTTPMethodNotAllowed'],
  conflict: [409, 'Conflict'],
  'too-many-requests': [429, 'OverLimit'],
  'too-large': [413, 'HTTPRequestEntityTooLarge'],
  'too-slow': [408, 'HTTPRequestTimeout'],
  unavailable: [503, 'ServiceUnavailable'],
};

/** The exceptions that clients may match, by our word, and what they say. */
const missing: Record<string, [type: string, say: (id: string) => string]> = {
  network: ['NetworkNotFound', (id) => `Network ${id} could not be found.`],
  subnet: ['SubnetNotFound', (id) => `Subnet ${id} could not be found.`],
  port: ['PortNotFound', (id) => `Port ${id} could not be found.`],
  extension: ['ExtensionNotFound', (id) => `Extension ${id} could not be found.`],
  'security group': ['SecurityGroupNotFound', (id) => `Security group ${id} does not exist`],
  'security group rule': ['SecurityGroupRuleNotFound', (id) => `Security group rule ${id} does not exist`],
};

export function toError({ facts }: IngotError, { origin }: Pick<Call, 'origin'>): Answer {
  if (facts.kind === 'unauthenticated') return toUnauthenticated(origin);
  const [statusCode, type] = errors[facts.kind] ?? [500, 'HTTPInternalServerError'];
  return { statusCode, body: { NeutronError: { type, ...toWords(facts), detail: '' } } };
}

function toWords({ kind, subject, id, message }: ErrorFacts): { type?: string; message: string } {
  if (kind !== 'not-found') return { message };
  const known = missing[subject ?? ''];
  if (!known) return { message: 'The resource could not be found.' };
  const [type, say] = known;
  return { type, message: say(id ?? '') };
}
