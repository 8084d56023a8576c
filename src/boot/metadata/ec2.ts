/** EC2's form of metadata, as Nova's metadata service shows it: a tree of texts, folders listing what is in them. */
import type { SystemData } from './system-data.ts';

interface Tree {
  [name: string]: string | Tree;
}

function toTree(data: SystemData): Tree {
  const [address] = data.links.flatMap(({ addresses }) => addresses);
  const keys = data.publicKeys.map(({ key }, index) => [`${index}`, { 'openssh-key': key }]);
  return {
    'ami-id': data.imageId,
    'ami-launch-index': `${data.launchIndex}`,
    hostname: data.hostname,
    'instance-id': data.instanceId,
    'instance-type': data.flavorName,
    'local-hostname': data.hostname,
    ...(address ? { 'local-ipv4': address.ip } : {}),
    placement: { 'availability-zone': data.zone },
    ...(keys.length > 0 ? { 'public-keys': Object.fromEntries(keys) as Tree } : {}),
    'reservation-id': data.reservationId,
  };
}

export function listEc2(data: SystemData): string {
  return toListing(toTree(data));
}

/** @param path below `meta-data/`; a slash at its end is taken as it comes. Null: there is no such thing */
export function readEc2(data: SystemData, path: string): string | null {
  let at: string | Tree | undefined = toTree(data);
  const names = path.split('/').filter((name) => name !== '');
  for (const name of names) at = typeof at === 'object' && Object.hasOwn(at, name) ? at[name] : undefined;
  if (at === undefined) return null;
  if (typeof at === 'string') return at;
  // Of keys the listing says number and name; the name is no path.
  if (names.join('/') === 'public-keys') {
    return data.publicKeys.map(({ name }, index) => `${index}=${name}`).join('\n');
  }
  return toListing(at);
}

function toListing(tree: Tree): string {
  const names = Object.entries(tree).map(([name, value]) => (typeof value === 'string' ? name : `${name}/`));
  return names.join('\n');
}
