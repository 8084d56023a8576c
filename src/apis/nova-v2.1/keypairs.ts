/** Keypairs of a user (otc0000002374101041 and following). */
import type { Static } from 'typebox';
import type { Catalog } from '../../core/catalog.ts';
import { IngotError, invalid, notAllowed, notFound } from '../../core/errors.ts';
import { callerOf, ok, single, type Answer } from '../api.ts';
import type { Cloud, NovaCall } from './cloud.ts';
import { cutPage, parseLimit } from './paging.ts';
import { generateKey, toFingerprint } from './ssh-key.ts';
import { toKeypair, toKeypairDetail, type KeypairBody } from './wire.ts';

export async function list({ catalog }: Cloud, call: NovaCall): Promise<Answer> {
  const owner = ownerOf(call, single(call, 'user_id'));
  const { items, links } =
    call.minor >= 35
      ? await readPage(catalog, call, owner)
      : { items: await catalog.listKeypairs(owner), links: {} };
  return ok({ keypairs: items.map((keypair) => ({ keypair: toKeypair(call, keypair) })), ...links });
}

/** From 2.35 on, by name. */
async function readPage(catalog: Catalog, call: NovaCall, owner: string) {
  const marker = single(call, 'marker');
  if (marker !== undefined && !(await catalog.findKeypair(owner, marker))) {
    throw invalid(`marker [${marker}] not found`, 'marker');
  }
  const page = { limit: parseLimit(call) + 1, ...(marker === undefined ? {} : { marker }) };
  const found = await catalog.listKeypairs(owner, page);
  return cutPage(call, 'keypairs', '/os-keypairs', found, ({ name }) => name);
}

export async function show({ catalog }: Cloud, call: NovaCall): Promise<Answer> {
  const owner = ownerOf(call, single(call, 'user_id'));
  const keypair = await catalog.findKeypair(owner, call.params['name']!);
  if (!keypair) throw missing(call, owner);
  return ok({ keypair: toKeypairDetail(call, keypair) });
}

/** The private key is told once and kept nowhere. */
export async function create({ catalog }: Cloud, call: NovaCall): Promise<Answer> {
  const { keypair: wanted } = call.body as Static<typeof KeypairBody>;
  const owner = ownerOf(call, wanted.user_id);
  const made = wanted.public_key ? null : await generateKey();
  const publicKey = made?.publicKey ?? wanted.public_key!;
  const fingerprint = toFingerprint(publicKey);
  const kept = { userId: owner, name: wanted.name, type: 'ssh', publicKey, fingerprint };
  const keypair = await catalog.createKeypair(kept);
  const body = {
    keypair: {
      ...toKeypair(call, keypair),
      user_id: owner,
      ...(made ? { private_key: made.privateKey } : {}),
    },
  };
  return ok(body, call.minor >= 2 ? 201 : 200);
}

export async function remove({ catalog }: Cloud, call: NovaCall): Promise<Answer> {
  const owner = ownerOf(call, single(call, 'user_id'));
  if (!(await catalog.removeKeypair(owner, call.params['name']!))) throw missing(call, owner);
  return { statusCode: call.minor >= 2 ? 204 : 202 };
}

/** From 2.10 on administrators may speak of other users' keypairs. */
function ownerOf(call: NovaCall, asked: string | undefined): string {
  const { user, isAdmin } = callerOf(call);
  if (asked === undefined || asked === user.id || call.minor < 10) return user.id;
  if (!isAdmin) throw notAllowed("Policy doesn't allow os_compute_api:os-keypairs to be performed.");
  return asked;
}

function missing(call: NovaCall, owner: string): IngotError {
  const name = call.params['name']!;
  const message = `Keypair ${name} not found for user ${owner}`;
  return new IngotError({ ...notFound('keypair', name).facts, message });
}
