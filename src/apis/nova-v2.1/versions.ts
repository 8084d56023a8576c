/** Version documents (otc0000002374260861, otc0000002340222780): clients read from them what they may ask for. */
import { ok, type Answer, type Call } from '../api.ts';
import { leastMinor, mostMinor } from './microversion.ts';

interface Version {
  id: string;
  path: string;
  status: 'CURRENT' | 'SUPPORTED';
  version: string;
  min_version: string;
  updated: string;
}

const current: Version = {
  id: 'v2.1',
  path: '/v2.1/',
  status: 'CURRENT',
  version: `2.${mostMinor}`,
  min_version: `2.${leastMinor}`,
  updated: '2013-07-23T11:33:21Z',
};

const legacy: Version = {
  id: 'v2.0',
  path: '/v2/',
  status: 'SUPPORTED',
  version: '',
  min_version: '',
  updated: '2011-01-21T11:33:21Z',
};

const toVersion = ({ path, ...version }: Version, origin: string) => ({
  ...version,
  links: [{ rel: 'self', href: `${origin}${path}` }],
});

export function listVersions({ origin }: Call): Answer {
  return ok({ versions: [toVersion(legacy, origin), toVersion(current, origin)] });
}

const show =
  (version: Version) =>
  ({ origin }: Call): Answer =>
    ok({
      version: {
        ...toVersion(version, origin),
        'media-types': [
          {
            base: 'application/json',
            type: `application/vnd.openstack.compute+json;version=${version.id.slice(1)}`,
          },
        ],
      },
    });

export const showCurrent = show(current);
export const showLegacy = show(legacy);
