/** Images: versions, list, one. */
import type { Catalog } from '../../core/catalog.ts';
import { invalid, notFound } from '../../core/errors.ts';
import { callerOf, ok, single, type Answer, type Call } from '../api.ts';
import { imageSchema, imagesSchema, toImage, type WireImage } from './wire.ts';

export interface Cloud {
  catalog: Catalog;
}

/** 300: there might be several to choose from. */
export function showVersions(_cloud: Cloud, { origin }: Call): Answer {
  const links = [{ rel: 'self', href: `${origin}/image/v2/` }];
  return ok({ versions: [{ id: 'v2.9', status: 'CURRENT', links }] }, 300);
}

export function showImageSchema(): Answer {
  return ok(imageSchema);
}

export function showImagesSchema(): Answer {
  return ok(imagesSchema);
}

/** What a server of this project can be made from; the same for administrators. Without a project: what is public. */
function projectOf(call: Call): string {
  return callerOf(call).project?.id ?? '';
}

export async function show({ catalog }: Cloud, call: Call): Promise<Answer> {
  const id = call.params['image_id']!;
  const image = await catalog.findImage(id, projectOf(call));
  if (!image) throw notFound('image', id);
  return ok(toImage(image));
}

const mostPerPage = 1_000;

export async function list({ catalog }: Cloud, call: Call): Promise<Answer> {
  const images = await catalog.listImages(projectOf(call));
  const found = after(
    call,
    images.map(toImage).filter((image) => isWanted(call, image)),
  );
  const limit = parseLimit(call);
  const page = found.slice(0, limit);
  const link = (marker?: string) => `/v2/images${toQuery(call, marker)}`;
  return ok({
    images: page,
    first: link(),
    ...(found.length > limit && limit > 0 ? { next: link(page.at(-1)!.id) } : {}),
    schema: '/v2/schemas/images',
  });
}

const isAboutPages = ['limit', 'marker', 'sort', 'sort_key', 'sort_dir', 'member_status'];

/** Every other parameter is a field or a property that must have this value; `in:a,b` allows several. */
function isWanted(call: Call, image: WireImage): boolean {
  return Object.keys(call.query).every((key) => {
    if (isAboutPages.includes(key)) return true;
    const wanted = single(call, key)!;
    if (key === 'visibility' && wanted === 'all') return true;
    const value = (image as Record<string, unknown>)[key];
    const words = wanted.startsWith('in:') ? wanted.slice(3).split(',') : [wanted];
    if (typeof value === 'boolean') return words.some((word) => word.toLowerCase() === String(value));
    return typeof value === 'string' || typeof value === 'number' ? words.includes(String(value)) : false;
  });
}

function parseLimit(call: Call): number {
  const text = single(call, 'limit') ?? String(mostPerPage);
  if (!/^\d+$/.test(text)) throw invalid('limit param must be an integer', 'limit');
  return Math.min(Number(text), mostPerPage);
}

function after(call: Call, images: WireImage[]): WireImage[] {
  const marker = single(call, 'marker');
  if (marker === undefined) return images;
  const at = images.findIndex(({ id }) => id === marker);
  if (at < 0) throw invalid(`Image ${marker} could not be found.`, 'marker');
  return images.slice(at + 1);
}

function toQuery(call: Call, marker?: string): string {
  const query = new URLSearchParams();
  for (const key of Object.keys(call.query)) if (key !== 'marker') query.set(key, single(call, key)!);
  if (marker !== undefined) query.set('marker', marker);
  return query.size > 0 ? `?${query.toString()}` : '';
}
