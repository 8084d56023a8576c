/** Flavors and what they are made of (otc0000002374101029, otc0000002340222808). */
import type { Static } from 'typebox';
import type { Flavor } from '../../core/catalog.ts';
import { invalid, notFound } from '../../core/errors.ts';
import { describeDetails, toExtraSpecs } from '../../core/flavor-specs.ts';
import { ok, single, type Answer } from '../api.ts';
import type { Cloud, NovaCall } from './cloud.ts';
import { cutPage, parseSort } from './paging.ts';
import { toFlavor, toFlavorEntry, type ExtraSpecsBody, type FlavorBody } from './wire.ts';

const sortKeys: Record<string, (flavor: Flavor) => string | number> = {
  flavorid: ({ id }) => id,
  id: ({ id }) => id,
  name: ({ name }) => name,
  memory_mb: ({ ramMib }) => ramMib,
  vcpus: ({ vcpus }) => vcpus,
  root_gb: ({ diskGb }) => diskGb,
};

const listAs =
  (path: string, toItem: (call: NovaCall, flavor: Flavor) => unknown) =>
  async ({ catalog }: Cloud, call: NovaCall): Promise<Answer> => {
    const found = after(call, sorted(call, fitting(call, await catalog.listFlavors())));
    const { items, links } = cutPage(call, 'flavors', path, found, ({ id }) => id);
    return ok({ flavors: items.map((flavor) => toItem(call, flavor)), ...links });
  };

export const list = listAs('/flavors', toFlavorEntry);
export const listDetails = listAs('/flavors/detail', toFlavor);

/** All are public: `is_public` in any form finds them, but a wish for private ones finds none. */
function fitting(call: NovaCall, flavors: Flavor[]): Flavor[] {
  const [minDisk, minRam] = ['minDisk', 'minRam'].map((name) => parseWhole(call, name));
  const wantsPrivate = /^(false|f|no|n|0)$/i.test(single(call, 'is_public') ?? '');
  return flavors.filter(
    ({ enabled, diskGb, ramMib }) => enabled && !wantsPrivate && diskGb >= minDisk! && ramMib >= minRam!,
  );
}

function parseWhole(call: NovaCall, name: string): number {
  const text = single(call, name) ?? '0';
  if (!/^\d+$/.test(text)) throw invalid(`Invalid ${name} filter [${text}]`, name);
  return Number(text);
}

function sorted(call: NovaCall, flavors: Flavor[]): Flavor[] {
  const order = parseSort(call, sortKeys, 'asc');
  const byId = {
    key: sortKeys['id']!,
    descending: order[0]?.descending ?? single(call, 'sort_dir') === 'desc',
  };
  return flavors.toSorted((a, b) => {
    for (const { key, descending } of [...order, byId]) {
      if (key(a) !== key(b)) return key(a) < key(b) === descending ? 1 : -1;
    }
    return 0;
  });
}

function after(call: NovaCall, flavors: Flavor[]): Flavor[] {
  const marker = single(call, 'marker');
  if (marker === undefined) return flavors;
  const at = flavors.findIndex(({ id }) => id === marker);
  if (at < 0) throw invalid(`marker [${marker}] not found`, 'marker');
  return flavors.slice(at + 1);
}

export async function show(cloud: Cloud, call: NovaCall): Promise<Answer> {
  return ok({ flavor: toFlavor(call, await getFlavor(cloud, call)) });
}

export async function showExtraSpecs(cloud: Cloud, call: NovaCall): Promise<Answer> {
  const { extraSpecs } = await getFlavor(cloud, call);
  return ok({ extra_specs: extraSpecs });
}

/**
 * What a rack is rented as is for its operators to say (upstream's compute-api-ref "Create Flavor"). Where no id is given
 * it is the name, as in the published clouds, where clients write either.
 */
export async function create({ catalog }: Cloud, call: NovaCall): Promise<Answer> {
  const { flavor: wish } = call.body as Static<typeof FlavorBody>;
  checkWish(wish);
  const id = wish.id && wish.id !== 'auto' ? wish.id : wish.name;
  const size = { id, vcpus: Number(wish.vcpus), ramMib: Number(wish.ram), diskGb: Number(wish.disk) };
  if (size.vcpus < 1) throw invalid('vcpus: must be at least 1', 'vcpus');
  if (size.ramMib < 1) throw invalid('ram: must be at least 1', 'ram');
  const extraSpecs = toExtraSpecs(describeDetails(size));
  const flavor: Flavor = { ...size, name: wish.name, extraSpecs, enabled: true };
  await catalog.addFlavor(flavor);
  return ok({ flavor: toFlavor(call, flavor) });
}

function checkWish(wish: Static<typeof FlavorBody>['flavor']): void {
  for (const name of ['swap', 'OS-FLV-EXT-DATA:ephemeral'] as const) {
    if (Number(wish[name] ?? 0) !== 0) throw invalid(`${name}: machines have their own disks only`, name);
  }
  if (/^(false|f|no|n|0)$/i.test(String(wish['os-flavor-access:is_public'] ?? true)))
    throw invalid('Flavors are public; dedicate nodes to a project instead.', 'os-flavor-access:is_public');
  if (wish.description) throw invalid('Flavors have no description.', 'description');
}

export async function addExtraSpecs(cloud: Cloud, call: NovaCall): Promise<Answer> {
  const given = (call.body as Static<typeof ExtraSpecsBody>).extra_specs;
  const specs = Object.fromEntries(Object.entries(given).map(([key, value]) => [key, String(value)]));
  const id = call.params['flavor_id']!;
  if (!(await cloud.catalog.addExtraSpecs(id, specs))) throw notFound('flavor', id);
  return ok({ extra_specs: specs });
}

export async function removeExtraSpec(cloud: Cloud, call: NovaCall): Promise<Answer> {
  const { id } = await getFlavor(cloud, call);
  const key = call.params['key']!;
  if (!(await cloud.catalog.removeExtraSpec(id, key))) throw notFound('extra spec', key);
  return { statusCode: 200 };
}

/** Machines and servers keep what they are: while there are any of it, it stays. */
export async function remove({ catalog }: Cloud, call: NovaCall): Promise<Answer> {
  const id = call.params['flavor_id']!;
  if (!(await catalog.removeFlavor(id))) throw notFound('flavor', id);
  return { statusCode: 202 };
}

async function getFlavor({ catalog }: Cloud, call: NovaCall): Promise<Flavor> {
  const id = call.params['flavor_id']!;
  const flavor = await catalog.findFlavor(id);
  if (!flavor) throw notFound('flavor', id);
  return flavor;
}
