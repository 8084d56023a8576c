/** Metadata of a server (N13–N16, X05, X06). What is changed here shows on every door. */
import type { Static } from 'typebox';
import { checkAlterable } from '../../core/alteration.ts';
import { IngotError, invalid, notFound } from '../../core/errors.ts';
import { ok, type Answer } from '../api.ts';
import type { Cloud, NovaCall } from './cloud.ts';
import { checkMetadata } from './rules.ts';
import { getServer, revise } from './servers.ts';
import type { MetaBody, MetadataBody } from './wire.ts';

export async function show(cloud: Cloud, call: NovaCall): Promise<Answer> {
  return ok({ metadata: (await getServer(cloud, call)).metadata });
}

export async function merge(cloud: Cloud, call: NovaCall): Promise<Answer> {
  const { metadata } = call.body as Static<typeof MetadataBody>;
  return change(cloud, call, (current) => ({ ...current, ...metadata }));
}

export async function replace(cloud: Cloud, call: NovaCall): Promise<Answer> {
  const { metadata } = call.body as Static<typeof MetadataBody>;
  return change(cloud, call, () => metadata);
}

async function change(
  cloud: Cloud,
  call: NovaCall,
  decide: (current: Record<string, string>) => Record<string, string>,
): Promise<Answer> {
  const { metadata } = await revise(cloud, call, (server) => {
    checkAlterable(server, 'update metadata');
    const wanted = decide(server.metadata);
    checkMetadata(wanted);
    return { metadata: wanted };
  });
  return ok({ metadata });
}

export async function showOne(cloud: Cloud, call: NovaCall): Promise<Answer> {
  const { metadata } = await getServer(cloud, call);
  const key = call.params['key']!;
  return ok({ meta: { [key]: getItem(metadata, key) } });
}

export async function putOne(cloud: Cloud, call: NovaCall): Promise<Answer> {
  const { meta } = call.body as Static<typeof MetaBody>;
  const key = call.params['key']!;
  const keys = Object.keys(meta);
  if (keys.length !== 1) throw invalid('Request body contains too many items', 'meta');
  if (keys[0] !== key) throw invalid('Request body and URI mismatch', 'meta');
  await change(cloud, call, (current) => ({ ...current, ...meta }));
  return ok({ meta });
}

export async function removeOne(cloud: Cloud, call: NovaCall): Promise<Answer> {
  const key = call.params['key']!;
  await change(cloud, call, (current) => {
    getItem(current, key);
    return Object.fromEntries(Object.entries(current).filter(([name]) => name !== key));
  });
  return { statusCode: 204 };
}

function getItem(metadata: Record<string, string>, key: string): string {
  if (Object.hasOwn(metadata, key)) return metadata[key]!;
  throw new IngotError({ ...notFound('metadata', key).facts, message: 'Metadata item was not found' });
}
