/** Discovery, before anybody has a token (Identity API v3, "Versions"). */
import { ok, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';

/** @param root where version 3 is: `https://keystone.example.com/v3` */
const toVersion = (root: string) => ({
  id: 'v3.14',
  status: 'stable',
  updated: '2020-04-07T00:00:00Z',
  links: [{ rel: 'self', href: `${root}/` }],
  'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.identity-v3+json' }],
});

/** 300, as Keystone has it: here are several choices, and the Location is the one to take. */
export function toVersions(root: string): Answer {
  const body = { versions: { values: [toVersion(root)] } };
  return { statusCode: 300, body, headers: { location: `${root}/` } };
}

export function listVersions(_cloud: Cloud, { origin }: Call): Answer {
  return toVersions(`${origin}/v3`);
}

export function showVersion(_cloud: Cloud, { origin }: Call): Answer {
  return ok({ version: toVersion(`${origin}/v3`) });
}
