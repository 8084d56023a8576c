/** Giving a BMC another password, without anybody having to know it. */
import { randomInt } from 'node:crypto';
import type { Static } from 'typebox';
import { conflict, invalid, notFound } from '../../core/errors.ts';
import { ok, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { getNode } from './nodes.ts';
import { toPasswordChange, type BmcPasswordBody } from './wire.ts';

/** 16 characters of these 56 are 92 bits, and what old BMCs refuse or mistake is not among them. */
const letters = 'abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';
const length = 16;

export async function change(cloud: Cloud, call: Call): Promise<Answer> {
  const node = await getNode(cloud, call.params['id']!);
  if (node.driver === 'simulated') throw invalid('A simulated node has no BMC.', 'password');
  const { password = makePassword() } = (call.body ?? {}) as Static<typeof BmcPasswordBody>;
  if (!(await cloud.passwordChanges.begin(node.id, password))) {
    throw conflict(`Another password is on its way to the BMC of node ${node.name}.`, 'node', node.id);
  }
  return ok(await find(cloud, node.id), 202);
}

export async function show(cloud: Cloud, call: Call): Promise<Answer> {
  const { id } = await getNode(cloud, call.params['id']!);
  return ok(await find(cloud, id));
}

async function find({ passwordChanges }: Cloud, id: string) {
  const change = await passwordChanges.find(id);
  return change ? toPasswordChange(change) : { status: 'settled', next_try_at: null, note: '' };
}

export async function abandon(cloud: Cloud, call: Call): Promise<Answer> {
  const { id } = await getNode(cloud, call.params['id']!);
  if (!(await cloud.passwordChanges.abandon(id))) throw notFound('change of password on node', id);
  return { statusCode: 204 };
}

/** With a letter of each kind and a digit, as BMCs demand. */
function makePassword(): string {
  for (;;) {
    const made = Array.from({ length }, () => letters[randomInt(letters.length)]).join('');
    if (/[a-z]/.test(made) && /[A-Z]/.test(made) && /\d/.test(made)) return made;
  }
}
