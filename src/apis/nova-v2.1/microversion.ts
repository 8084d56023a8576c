/** Microversions: which one a request asks for, and the headers that say which one was spoken. */
import { IngotError, invalid } from '../../core/errors.ts';
import type { Call } from '../api.ts';

/**
 * 2.1 to 2.60, the range that the published version document names; only what is implemented is advertised, for clients
 * ask for the highest. The references describe fields up to 2.26 and a few later ones; what the others change is upstream's
 * (nova/api/openstack/compute/rest_api_version_history.rst).
 */
export const leastMinor = 1;
export const mostMinor = 60;
/** From here on Nova leaves networks and what guards them to Neutron. */
export const withoutNetwork = 36;

type Headers = Call['headers'];

/** The NN of 2.NN. The general header wins over Nova's own; without either it is 2.1 (otc0000002374260861). */
export function parseMicroversion(headers: Headers): number {
  const asked = findAsked(headers);
  if (asked === undefined) return leastMinor;
  if (asked === 'latest') return mostMinor;
  const [, major, minor] = /^([1-9]\d*)\.(0|[1-9]\d*)$/.exec(asked) ?? [];
  if (major === undefined) {
    throw invalid(
      `API Version String ${asked} is of invalid format. Must be of format MajorNum.MinorNum.`,
      'version',
    );
  }
  if (major !== '2' || Number(minor) < leastMinor || Number(minor) > mostMinor) {
    throw new IngotError({
      kind: 'invalid',
      code: 'not-acceptable',
      message: `Version ${asked} is not supported by the API. Minimum is 2.${leastMinor} and maximum is 2.${mostMinor}.`,
    });
  }
  return Number(minor);
}

/** Whether the request names a version at all. */
export function namesMicroversion(headers: Headers): boolean {
  return findAsked(headers) !== undefined;
}

/** `OpenStack-API-Version: compute 2.26` may name several services, each with its version. */
function findAsked(headers: Headers): string | undefined {
  const general = String(headers['openstack-api-version'] ?? '');
  const compute = general.split(',').find((part) => /^\s*compute\s/i.test(part));
  const own = headers['x-openstack-nova-api-version'];
  const asked = compute === undefined ? own : compute.trim().split(/\s+/)[1];
  return asked === undefined || asked === '' ? undefined : String(asked).trim().toLowerCase();
}

/** `req-<uuid>`, as instance actions name a request too. */
export function toRequestId(id: string): string {
  const dashed = id.replace(/^(\w{8})(\w{4})(\w{4})(\w{4})(\w{12})$/, '$1-$2-$3-$4-$5');
  return `req-${dashed}`;
}

/** On every answer; the legacy `/v2` knows no microversions. */
export function toHeaders({
  requestId,
  headers,
  path,
}: Pick<Call, 'requestId' | 'headers' | 'path'>): Record<string, string> {
  const id = toRequestId(requestId);
  const ids = { 'X-Openstack-Request-Id': id, 'X-Compute-Request-Id': id };
  if (isLegacy(path)) return ids;
  const spoken = findSpoken(headers);
  if (spoken === null) return ids;
  return {
    ...ids,
    'X-OpenStack-Nova-API-Version': `2.${spoken}`,
    'OpenStack-API-Version': `compute 2.${spoken}`,
    Vary: 'OpenStack-API-Version, X-OpenStack-Nova-API-Version',
  };
}

function findSpoken(headers: Headers): number | null {
  try {
    return parseMicroversion(headers);
  } catch {
    return null;
  }
}

export function isLegacy(path: string): boolean {
  return /^\/v2(\/|\?|$)/.test(path);
}
