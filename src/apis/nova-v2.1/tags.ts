/**
 * Tags of a server (N32–N37), from microversion 2.26 on. They may be put in any state: a Go client does so right after
 * the create.
 */
import type { Static } from 'typebox';
import { IngotError, notFound } from '../../core/errors.ts';
import { toKeyValue, type KeyValue } from '../../core/server-tags.ts';
import { ok, type Answer, type Call } from '../api.ts';
import type { Cloud, NovaCall } from './cloud.ts';
import { isLegacy, namesMicroversion } from './microversion.ts';
import { checkTags } from './rules.ts';
import { getServer, revise } from './servers.ts';
import { toLinks, type CreateBody, type TagsBody } from './wire.ts';

const sinceMinor = 26;

/**
 * An older microversion does not know these paths. A request that names none may use them: gophertelekomcloud asks for
 * 2.26 to read a server and for nothing to put its tags (openstack/bms/v2/tags).
 */
function checkVersion({ minor, path, headers }: NovaCall): void {
  if (minor >= sinceMinor) return;
  if (isLegacy(path) || namesMicroversion(headers)) throw notFound('path', path);
}

/** Of a create; before 2.52 they have no effect, and are judged all the same. */
export function tagsOfNew({ body }: Call): KeyValue[] {
  return ((body as Static<typeof CreateBody>).server.tags ?? []).map(toKeyValue);
}

export function tagsInBody({ body }: Call): KeyValue[] {
  return (body as Static<typeof TagsBody>).tags.map(toKeyValue);
}

export function tagInPath({ params }: Call): KeyValue[] {
  return [toKeyValue(params['tag']!)];
}

export async function list(cloud: Cloud, call: NovaCall): Promise<Answer> {
  checkVersion(call);
  return ok({ tags: (await getServer(cloud, call)).tags });
}

/** All of them, so that the system tag goes too where it is not among the new ones (otc0000002340222824). */
export async function replace(cloud: Cloud, call: NovaCall): Promise<Answer> {
  checkVersion(call);
  const wanted = checkTags((call.body as Static<typeof TagsBody>).tags);
  const { tags } = await revise(cloud, call, () => ({ tags: wanted }));
  return ok({ tags });
}

export async function removeAll(cloud: Cloud, call: NovaCall): Promise<Answer> {
  checkVersion(call);
  await revise(cloud, call, () => ({ tags: [] }));
  return { statusCode: 204 };
}

/** 201 for a new one with its place, 204 for one that was there. */
export async function putOne(cloud: Cloud, call: NovaCall): Promise<Answer> {
  checkVersion(call);
  const tag = call.params['tag']!;
  checkTags([tag]);
  let wasThere = false;
  const server = await revise(cloud, call, ({ tags }) => {
    wasThere = tags.includes(tag);
    return { tags: checkTags(wasThere ? tags : [...tags, tag]) };
  });
  if (wasThere) return { statusCode: 204 };
  const [self] = toLinks(call, `/servers/${server.id}/tags/${encodeURIComponent(tag)}`);
  return { statusCode: 201, headers: { Location: self!.href } };
}

export async function showOne(cloud: Cloud, call: NovaCall): Promise<Answer> {
  checkVersion(call);
  const { id, tags } = await getServer(cloud, call);
  if (!tags.includes(call.params['tag']!)) throw missing(call, id);
  return { statusCode: 204 };
}

export async function removeOne(cloud: Cloud, call: NovaCall): Promise<Answer> {
  checkVersion(call);
  const tag = call.params['tag']!;
  await revise(cloud, call, ({ id, tags }) => {
    if (!tags.includes(tag)) throw missing(call, id);
    return { tags: tags.filter((it) => it !== tag) };
  });
  return { statusCode: 204 };
}

/** The text is documented (otc0000002374260913). */
function missing(call: NovaCall, id: string): IngotError {
  const tag = call.params['tag']!;
  return new IngotError({ ...notFound('tag', tag).facts, message: `Server ${id} has no tag '${tag}'` });
}
