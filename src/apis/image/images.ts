/** Images: versions, list, one, make, change, remove. */
import { randomUUID } from 'node:crypto';
import { invalid, notAllowed } from '../../core/errors.ts';
import type { Image, ImageChange, NewImage } from '../../core/image.ts';
import { callerOf, isId, ok, type Answer, type Call } from '../api.ts';
import { getImage, getOwn, gone, projectOf, type Cloud } from './cloud.ts';
import { toFilter, toPage } from './list-query.ts';
import { applyPatch, parsePatch } from './patch.ts';
import { parseImage, toImage } from './wire.ts';

/** 300: there might be several to choose from. */
export function showVersions(_cloud: Cloud, { origin, path }: Call): Answer {
  const links = [{ rel: 'self', href: `${origin}/image/v2/` }];
  // The glance command asks under this name, where it is no choice between several (upstream, versions.py).
  const statusCode = path.startsWith('/image/versions') ? 200 : 300;
  return ok({ versions: [{ id: 'v2.9', status: 'CURRENT', links }] }, statusCode);
}

export async function show(cloud: Cloud, call: Call): Promise<Answer> {
  return ok(toImage(await getImage(cloud, call)));
}

export async function list({ images }: Cloud, call: Call): Promise<Answer> {
  const page = toPage(call);
  const found = await images.list(toFilter(call, projectOf(call)), { ...page, limit: page.limit + 1 });
  const shown = found.slice(0, page.limit);
  const link = (marker?: string) => `/v2/images${toQuery(call, marker)}`;
  return ok({
    images: shown.map(toImage),
    first: link(),
    ...(found.length > page.limit && page.limit > 0 ? { next: link(shown.at(-1)!.id) } : {}),
    schema: '/v2/schemas/images',
  });
}

function toQuery(call: Call, marker?: string): string {
  const query = new URLSearchParams();
  for (const key of Object.keys(call.query)) {
    if (key === 'marker') continue;
    for (const value of [call.query[key]].flat()) query.append(key, value!);
  }
  if (marker !== undefined) query.set('marker', marker);
  return query.size > 0 ? `?${query.toString()}` : '';
}

/** Announces how bytes may come in, as clients look for it on this answer. */
const importMethods = { 'openstack-image-import-methods': 'glance-direct,web-download' };

export async function create({ images }: Cloud, call: Call): Promise<Answer> {
  const { id, change } = parseImage(call.body as Record<string, unknown>);
  const { project, isAdmin } = callerOf(call);
  if (!project) throw notAllowed('This needs a token with a project.');
  if (id !== undefined && !isId(id))
    throw invalid('Provided object does not match schema: id is no UUID', 'id');
  const image: NewImage = {
    id: id ?? randomUUID(),
    projectId: project.id,
    name: '',
    osType: 'Linux',
    osBits: 64,
    status: 'queued',
    visibility: 'shared',
    isProtected: false,
    isHidden: false,
    tags: [],
    diskFormat: null,
    containerFormat: null,
    minDiskGb: 0,
    minRamMib: 0,
    ...change,
    properties: change.properties ?? {},
  };
  checkOwnership(image, project.id, isAdmin);
  const made = await images.create(image);
  return {
    statusCode: 201,
    body: toImage(made),
    headers: { ...importMethods, location: `${call.origin}/image/v2/images/${made.id}` },
  };
}

/** Whom an image belongs to, and what everybody sees, is for administrators to say (upstream's default policy). */
function checkOwnership(
  image: Pick<Image, 'projectId' | 'visibility'>,
  projectId: string,
  isAdmin: boolean,
): void {
  if (isAdmin) return;
  if (image.projectId !== projectId) throw notAllowed('You are not permitted to set the owner of an image.');
  if (image.visibility === 'public')
    throw notAllowed('You are not authorized to complete publicize_image action.');
}

export async function change(cloud: Cloud, call: Call): Promise<Answer> {
  const operations = parsePatch(call);
  const { id } = await getOwn(cloud, call);
  const { isAdmin } = callerOf(call);
  const image = await cloud.images.revise(id, (now) => {
    const change = applyPatch(now, operations);
    checkChange(now, change, isAdmin);
    return change;
  });
  if (!image) throw gone(id);
  return ok(toImage(image));
}

function checkChange(now: Image, change: ImageChange, isAdmin: boolean): void {
  const isPublished = change.visibility === 'public' && now.visibility !== 'public';
  if (isPublished && !isAdmin) {
    throw notAllowed('You are not authorized to complete publicize_image action.');
  }
  const isGiven = change.projectId !== undefined && change.projectId !== now.projectId;
  if (isGiven && !isAdmin) throw notAllowed("Attribute 'owner' is reserved.");
  if (now.projectId === null && change.visibility !== undefined && change.visibility !== 'public') {
    throw notAllowed('An image of the installation has no owner and stays public.');
  }
  const isOpen = now.status === 'queued';
  const isRecast =
    (change.diskFormat !== undefined && change.diskFormat !== now.diskFormat) ||
    (change.containerFormat !== undefined && change.containerFormat !== now.containerFormat);
  if (isRecast && !isOpen) throw notAllowed('Attribute disk_format can be only replaced for a queued image.');
}

export async function remove(cloud: Cloud, call: Call): Promise<Answer> {
  const { id } = await getOwn(cloud, call);
  const isGone = await cloud.images.remove(id, ({ isProtected }) => {
    if (isProtected) throw notAllowed(`Image ${id} is protected and cannot be deleted.`);
  });
  if (!isGone) throw gone(id);
  return { statusCode: 204 };
}

const setActive =
  (from: 'active' | 'deactivated', to: 'active' | 'deactivated', verb: string) =>
  async (cloud: Cloud, call: Call): Promise<Answer> => {
    const { id, status } = await getOwn(cloud, call);
    if (!(await cloud.images.move(id, [from, to], to))) {
      throw notAllowed(`Not allowed to ${verb} image in status '${status}'`);
    }
    return { statusCode: 204 };
  };

export const deactivate = setActive('active', 'deactivated', 'deactivate');
export const reactivate = setActive('deactivated', 'active', 'reactivate');

export async function addTag(cloud: Cloud, call: Call): Promise<Answer> {
  const tag = call.params['tag']!;
  const { id } = await getOwn(cloud, call);
  if (tag.length > 255) throw invalid('Tags can be at most 255 characters long.', 'tag');
  const image = await cloud.images.revise(id, ({ tags }) => ({ tags: [...new Set([...tags, tag])] }));
  if (!image) throw gone(id);
  return { statusCode: 204 };
}

export async function removeTag(cloud: Cloud, call: Call): Promise<Answer> {
  const tag = call.params['tag']!;
  const { id, tags } = await getOwn(cloud, call);
  if (!tags.includes(tag)) throw gone(tag);
  await cloud.images.revise(id, (now) => ({ tags: now.tags.filter((it) => it !== tag) }));
  return { statusCode: 204 };
}

/** The lists of Huawei's image service (IMS): by id and by name, without paging links. */
export async function listCloudImages({ images }: Cloud, call: Call): Promise<Answer> {
  const page = toPage(call);
  return ok({ images: (await images.list(toFilter(call, projectOf(call)), page)).map(toImage) });
}
