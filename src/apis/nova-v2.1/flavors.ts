/** Flavors and what they are made of (otc0000002374101029, otc0000002340222808). */
import type { Flavor } from '../../core/catalog.ts';
import { invalid, notFound } from '../../core/errors.ts';
import { ok, single, type Answer } from '../api.ts';
import type { Cloud, NovaCall } from './cloud.ts';
import { cutPage, parseSort } from './paging.ts';
import { toFlavor, toFlavorEntry } from './wire.ts';

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

async function getFlavor({ catalog }: Cloud, call: NovaCall): Promise<Flavor> {
  const id = call.params['flavor_id']!;
  const flavor = await catalog.findFlavor(id);
  if (!flavor) throw notFound('flavor', id);
  return flavor;
}
