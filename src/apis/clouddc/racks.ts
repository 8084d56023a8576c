/** Rooms (idc) and racks (irack), C29–C32: where the machines that a project sees stand. */
import type { Static } from 'typebox';
import { invalid, notFound } from '../../core/errors.ts';
import type { Rack, Room, SitePage } from '../../core/site.ts';
import { isId, ok, projectOf, single, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { parsePage, toPage } from './page.ts';
import type { RackBody, RoomsBody } from './wire.ts';

/** SDK: 1 to 2000, and 2000 unless given. */
const limits = { least: 1, most: 2_000, unset: 2_000 };

export async function listRooms({ site, region }: Cloud, call: Call): Promise<Answer> {
  const page = parseSitePage(call);
  if (!isHere(region, call)) return toList('idcs', [], [], page, 0);
  const [rooms, count] = await Promise.all([
    site.listRooms(projectOf(call), {}, { ...page, limit: page.limit + 1 }),
    site.countRooms(projectOf(call)),
  ]);
  const shown = rooms.map(({ id, name, racks, description }: Room) => ({
    id,
    name,
    irack_num: racks,
    region,
    description,
  }));
  return toList('idcs', rooms, shown, page, count);
}

export async function listRacks({ site, region }: Cloud, call: Call): Promise<Answer> {
  const page = parseSitePage(call);
  if (!isHere(region, call)) return toList('iracks', [], [], page, 0);
  const [racks, count] = await Promise.all([
    site.listRacks(projectOf(call), {}, { ...page, limit: page.limit + 1 }),
    site.countRacks(projectOf(call)),
  ]);
  const shown = racks.map(({ id, name, room, zone, description, tags }: Rack) => ({
    id,
    name,
    dc: room,
    region,
    location: zone,
    description,
    tags,
  }));
  return toList('iracks', racks, shown, page, count);
}

/** `region` must be given (as documented); in another one there is nothing of ours. */
function isHere(region: string, call: Call): boolean {
  const asked = single(call, 'region');
  if (!asked) throw invalid('region: is needed.', 'region');
  return asked === region;
}

function parseSitePage(call: Call): SitePage {
  const order = single(call, 'order')?.toLowerCase() ?? 'asc';
  if (order !== 'asc' && order !== 'desc') throw invalid('order: asc or desc.', 'order');
  return { ...parsePage(call, limits), descending: order === 'desc' };
}

function toList(
  name: string,
  found: { id: string }[],
  shown: { id: string }[],
  page: SitePage,
  count: number,
): Answer {
  const { pageInfo } = toPage(found, page);
  return ok({ [name]: shown.slice(0, page.limit), page_info: pageInfo, count });
}

export async function describeRooms({ site }: Cloud, call: Call): Promise<Answer> {
  const wishes = call.body as Static<typeof RoomsBody>;
  const ids = wishes.map(({ id }) => id);
  const found = await site.listRooms(projectOf(call), { ids: ids.filter(isId) }, { limit: ids.length });
  const unknown = ids.find((id) => !found.some((room) => room.id === id.toLowerCase()));
  if (unknown !== undefined) throw notFound('idc', unknown);
  for (const { description } of wishes) checkDescription(description);
  await site.describe(projectOf(call), wishes);
  return ok('update idc success'); // word for word (as documented)
}

export async function describeRack(cloud: Cloud, call: Call): Promise<Answer> {
  const { description } = call.body as Static<typeof RackBody>;
  const { id } = await getRack(cloud, projectOf(call), call.params['id']!);
  checkDescription(description);
  await cloud.site.describe(projectOf(call), [{ id, description }]);
  return ok('update irack success');
}

/** Throws not-found for what is no id, unknown, or has no machine that the project sees. */
export async function getRack({ site }: Cloud, projectId: string, id: string): Promise<Rack> {
  const [rack] = isId(id) ? await site.listRacks(projectId, { ids: [id] }, { limit: 1 }) : [];
  if (!rack) throw notFound('irack', id);
  return rack;
}

const longestDescription = 512;

function checkDescription(description: string): void {
  if (Buffer.byteLength(description) <= longestDescription) return;
  throw invalid(`description: at most ${longestDescription} bytes.`, 'description');
}
