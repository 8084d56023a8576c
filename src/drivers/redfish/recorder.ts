/**
 * Writes down what a BMC shows: every resource that links lead to from the root, read gently, with what identifies or
 * opens the machine taken out. The result can be played by `ingot sim-bmc --tree` or looked into by hand.
 */
import { createHash } from 'node:crypto';
import type { Client } from './bmc.ts';
import { toRecord, type Json } from './fields.ts';

export interface RecordOptions {
  /** Resources; reading ends there. */
  most: number;
  /** Serial numbers, MACs, addresses, names of hosts and users stay as they are. */
  keepsIdentity: boolean;
  /** Mixed into what stands in place of identities, so that they cannot be guessed back. */
  salt: string;
  onRead?: (path: string, count: number) => void;
}

export type Recording = Record<string, Json>;

const start = '/redfish/v1';
/** Large, the same everywhere, or somebody's business: schemas, registries, sessions, keys and certificates. */
const leftOut = /\/(JsonSchemas|Registries|Sessions|Certificates|Keys|\$metadata|openapi\.yaml)(\/|$)/;
/** A log may be endless; so many of its entries tell enough. */
const mostEntries = 20;

export async function recordTree(client: Client, options: RecordOptions): Promise<Recording> {
  const tree: Recording = {};
  // Roots without links are seen (NICo nv-redfish quirks).
  const queue = [start, ...['Systems', 'Chassis', 'Managers'].map((name) => `${start}/${name}`)];
  const seen = new Set(queue);
  const counts = new Map<string, number>();
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    if (Object.keys(tree).length >= options.most) break;
    const body = await client.find(path);
    if (!body) continue;
    tree[path] = body;
    options.onRead?.(path, Object.keys(tree).length);
    for (const link of linksIn(body)) {
      if (seen.has(link) || leftOut.test(link) || isPastLog(link, counts)) continue;
      seen.add(link);
      queue.push(link);
    }
  }
  return redact(tree, options);
}

function isPastLog(link: string, counts: Map<string, number>): boolean {
  const log = /^(.*\/Entries)\//.exec(link)?.[1];
  if (log === undefined) return false;
  counts.set(log, (counts.get(log) ?? 0) + 1);
  return counts.get(log)! > mostEntries;
}

function linksIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(linksIn);
  if (typeof value !== 'object' || value === null) return [];
  const entries = Object.entries(value as Json);
  return entries.flatMap(([name, inner]) => {
    const isLink = (name === '@odata.id' || name === '@Redfish.ActionInfo') && typeof inner === 'string';
    return isLink ? toPath(inner) : linksIn(inner);
  });
}

function toPath(link: string): string[] {
  const path = link.split('#')[0]!.replace(/(?<=.)\/$/, '');
  return path.startsWith(`${start}/`) ? [path] : [];
}

/** Never kept, whatever is asked for. */
const secret = /password|passphrase|secret|token|privatekey|community|^key$|authenticationkey|encryptionkey/i;
/** The shape of values that tell one machine from another. */
const identities: readonly [names: RegExp, toOther: (hash: string) => string][] = [
  [/^(Permanent)?MACAddress$|MACAddresses$|^AssociatedNetworkAddresses$/, toMac],
  [/SerialNumber$|^SKU$|^AssetTag$|ServiceTag$|^UUID$|^ServiceEntryPointUUID$|WWN|WWNN|WWPN/, toSerial],
  [/^HostName$|^FQDN$|^UserName$/, (hash) => `name-${hash.slice(0, 8)}`],
  [/^(IPv4|IPv6)?Address$|^Gateway$|NameServers$/, toAddress],
];

function toMac(hash: string): string {
  return `02:${hash.slice(0, 10).match(/../g)!.join(':')}`.toUpperCase();
}

function toSerial(hash: string): string {
  return `R${hash.slice(0, 11).toUpperCase()}`;
}

/** 192.0.2.0/24 is for documents (RFC 5737). */
function toAddress(hash: string): string {
  return `192.0.2.${(Number.parseInt(hash.slice(0, 2), 16) % 254) + 1}`;
}

function redact(tree: Recording, { keepsIdentity, salt }: RecordOptions): Recording {
  const others = new Map<string, string>();
  const hash = (value: string) => createHash('sha256').update(`${salt}\0${value}`).digest('hex');
  const other = (value: string, to: (hash: string) => string) => {
    const known = others.get(value) ?? to(hash(value.toLowerCase()));
    others.set(value, known);
    return known;
  };
  const visit = (value: unknown, name: string): unknown => {
    if (Array.isArray(value)) return value.map((one) => visit(one, name));
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, visit(inner, key)]));
    }
    if (typeof value !== 'string' || value.trim() === '') return value;
    if (secret.test(name) && !/^(#|@)/.test(name)) return 'redacted';
    if (keepsIdentity) return value;
    const kind = identities.find(([names]) => names.test(name));
    if (kind && value.length > 3) return other(value, kind[1]);
    if (/version/i.test(name)) return value; // 1.2.3.4 may be one
    return value.replace(addresses, (found) => other(found, found.includes(':') ? toMac : toAddress));
  };
  const redacted = Object.entries(tree).map(([path, body]) => [path, toRecord(visit(body, ''))] as const);
  return keepsIdentity ? Object.fromEntries(redacted) : replaceEverywhere(redacted, others);
}

const addresses = /\b(?:\d{1,3}\.){3}\d{1,3}\b|\b(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}\b/g;
/** Shorter values than this stand in too many words by chance. */
const shortestReplaced = 6;

/** Identities also stand in paths, names and messages. */
function replaceEverywhere(resources: (readonly [string, Json])[], others: Map<string, string>): Recording {
  const long = [...others].filter(([value]) => value.length >= shortestReplaced);
  let text = JSON.stringify(Object.fromEntries(resources));
  for (const [value, other] of long.toSorted(([a], [b]) => b.length - a.length)) {
    text = text.replaceAll(JSON.stringify(value).slice(1, -1), other);
  }
  return JSON.parse(text) as Recording;
}
