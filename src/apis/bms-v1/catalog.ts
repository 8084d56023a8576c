/** What can be rented and how much of it: flavors, quotas, versions; and the job that everything answers with. */
import { IngotError, invalid, notFound } from '../../core/errors.ts';
import type { Job } from '../../core/job.ts';
import { isId, ok, projectOf, single, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { toFlavor, toJob } from './wire.ts';

export async function listFlavors({ catalog }: Cloud, call: Call): Promise<Answer> {
  const projectId = projectOf(call);
  const [flavors, capacity] = await Promise.all([catalog.listFlavors(), catalog.listCapacity(projectId)]);
  const zone = single(call, 'availability_zone');
  const zones = await catalog.listZones();
  return ok({
    flavors: flavors.map((flavor) => {
      const perZone = zones
        .filter((it) => zone === undefined || it === zone)
        .map((it) => {
          const free = capacity.find((row) => row.flavorId === flavor.id && row.zone === it)?.free ?? 0;
          return `${it}(${free > 0 ? 'normal' : 'sellout'})`;
        });
      const specs = { ...flavor.extraSpecs, 'cond:operation:az': perZone.join(', ') };
      return toFlavor({ ...flavor, extraSpecs: specs }, call.origin, projectId);
    }),
  });
}

/** V16 (hw0835): free machines by zone and flavor, of the pool and the project's own. */
export async function listAvailable({ catalog }: Cloud, call: Call): Promise<Answer> {
  const zones = many(call, 'availability_zone');
  const wanted = many(call, 'flavor_id');
  if (zones.length === 0) throw invalid('availability_zone is mandatory.', 'availability_zone');
  const [flavors, capacity] = await Promise.all([
    catalog.listFlavors(),
    catalog.listCapacity(projectOf(call)),
  ]);
  const shown = flavors.filter(({ id, enabled }) => enabled && (wanted.length === 0 || wanted.includes(id)));
  return ok({
    available_resource: zones.map((zone) => ({
      availability_zone: zone,
      flavors: shown.map(({ id }) => {
        const count = capacity.find((row) => row.flavorId === id && row.zone === zone)?.free ?? 0;
        return { flavor_id: id, count, status: count > 0 ? 'normal' : 'sellout' };
      }),
    })),
  });
}

/** A parameter that may be repeated. */
function many(call: Call, name: string): string[] {
  const value = call.query[name];
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

export async function showLimits({ servers }: Cloud, call: Call): Promise<Answer> {
  const used = await servers.usage(projectOf(call));
  return ok({
    absolute: {
      maxTotalInstances: -1,
      maxTotalCores: -1,
      maxTotalRAMSize: -1,
      maxTotalKeypairs: -1,
      maxServerMeta: 128,
      maxPersonality: 5,
      maxPersonalitySize: 10_240,
      maxServerGroups: -1,
      maxServerGroupMembers: -1,
      totalServerGroupsUsed: used.serverGroups,
      maxSecurityGroups: -1,
      maxSecurityGroupRules: -1,
      // There are none.
      maxTotalFloatingIps: 0,
      maxImageMeta: 128,
      totalInstancesUsed: used.servers,
      totalCoresUsed: used.vcpus,
      totalRAMUsed: used.ramMib,
      totalSecurityGroupsUsed: used.securityGroups,
      totalFloatingIpsUsed: 0,
    },
  });
}

/** Readers that come together get the same job: what a thousand parts look like is worked out once for all of them. */
const texts = new WeakMap<Job, string>();

function toText(job: Job): string {
  const text = texts.get(job) ?? JSON.stringify(toJob(job));
  texts.set(job, text);
  return text;
}

export async function showJob({ jobs }: Cloud, call: Call): Promise<Answer> {
  const id = call.params['job_id']!;
  const job = isId(id) ? await jobs.find(id, projectOf(call)) : null;
  if (!job) {
    const message = `The job ${id} does not exist.`;
    throw new IngotError({ ...notFound('job', id).facts, code: 'job', message });
  }
  return { statusCode: 200, headers: { 'content-type': 'application/json' }, body: toText(job) };
}

const version = (origin: string) => ({
  id: 'v1',
  links: [{ href: `${origin}/v1/`, rel: 'self' }],
  min_version: '',
  version: '',
  status: 'CURRENT',
  updated: '2018-09-30T00:00:00Z',
});

export function listVersions(_cloud: Cloud, call: Call): Answer {
  return ok({ versions: [version(call.origin)] });
}

export function showVersion(_cloud: Cloud, call: Call): Answer {
  return ok({ version: version(call.origin) });
}
