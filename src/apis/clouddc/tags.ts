/** Tags of physical servers and racks (C25–C28): what a project notes about machines that it sees, for itself. */
import type { Static } from 'typebox';
import { invalid } from '../../core/errors.ts';
import type { Tag } from '../../core/site.ts';
import { ok, projectOf, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { getVisibleNode } from './physical-servers.ts';
import { getRack } from './racks.ts';
import type { TagsBody } from './wire.ts';

type Getter = (cloud: Cloud, projectId: string, id: string) => Promise<{ id: string }>;

const add =
  (get: Getter) =>
  async (cloud: Cloud, call: Call): Promise<Answer> => {
    const { id } = await get(cloud, projectOf(call), call.params['id']!);
    checkKeys(call);
    await cloud.site.addTags(projectOf(call), id, tagsInBody(call));
    return ok(undefined);
  };

/** By key; a key that is not there is gone already. */
const remove =
  (get: Getter) =>
  async (cloud: Cloud, call: Call): Promise<Answer> => {
    const { id } = await get(cloud, projectOf(call), call.params['id']!);
    checkKeys(call);
    const keys = tagsInBody(call).map(({ key }) => key);
    await cloud.site.removeTags(projectOf(call), id, keys);
    return ok(undefined);
  };

export const tagServer = add(getVisibleNode);
export const untagServer = remove(getVisibleNode);
export const tagRack = add(getRack);
export const untagRack = remove(getRack);

export function tagsInBody({ body }: Call): Tag[] {
  const { tags } = body as Static<typeof TagsBody>;
  return tags.map(({ key, value = '' }) => ({ key, value }));
}

function checkKeys(call: Call): void {
  const tags = tagsInBody(call);
  const keys = new Set(tags.map(({ key }) => key));
  if (keys.size < tags.length) throw invalid('tags: a key may be given once.', 'tags');
}
