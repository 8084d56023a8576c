/** What becomes of each example (examples/terraform): stages of its variables, and the server that Ingot then has. */
import { readFile } from 'node:fs/promises';
import type { Cloud } from '../support/cloud.ts';

export interface Stage {
  /** All that differ from the example's defaults. */
  variables: Record<string, unknown>;
  server: { name: string; status: string; role: string; tags: string[]; image: string };
  credentials?: 'password' | 'access key';
}

export interface Story {
  /** As in `required_providers`. */
  source: string;
  environment(cloud: Cloud, credentials: NonNullable<Stage['credentials']>): Promise<Record<string, string>>;
  stages: Stage[];
}

const debian = 'Debian 12 for BMS';
const ubuntu = 'Ubuntu 24.04 for BMS';
const system = '__type_baremetal';
const front = {
  name: 'web',
  status: 'ACTIVE',
  role: 'front',
  tags: [system, 'team=blue'],
  image: debian,
};
const renamed = { name: 'web-2', role: 'back', tags: { team: 'red', cost: '7' } };
const back = {
  ...front,
  name: 'web-2',
  role: 'back',
  tags: [system, 'cost=7', 'team=red'],
};
const retagged = { ...renamed, tags: ['blue', 'red'] };
const password = { password: 'Change-me-1' };

export const stories: Record<string, Story> = {
  openstack: {
    source: 'terraform-provider-openstack/openstack',
    environment: async (cloud) => ({
      OS_CLIENT_CONFIG_FILE: fileOf(cloud, 'clouds.yaml'),
      OS_CLOUD: 'ingot',
    }),
    stages: [
      { variables: {}, server: { ...front, tags: [system, 'blue'] } },
      { variables: retagged, server: { ...back, tags: [system, 'blue', 'red'] } },
      {
        variables: { ...retagged, power: 'shutoff' },
        server: { ...back, tags: [system, 'blue', 'red'], status: 'SHUTOFF' },
      },
      {
        variables: { ...retagged, image: ubuntu },
        server: { ...back, tags: [system, 'blue', 'red'], image: ubuntu },
      },
    ],
  },
  opentelekomcloud: {
    source: 'opentelekomcloud/opentelekomcloud',
    environment: async (cloud, credentials) => {
      const place = { OS_AUTH_URL: `${cloud.origin}/v3`, OS_DOMAIN_NAME: 'Default', OS_TENANT_NAME: 'eu-de' };
      if (credentials === 'password') {
        return { ...place, OS_USERNAME: 'admin', OS_PASSWORD: cloud.ingot.first!.password! };
      }
      const { access, secret } = await readKey(cloud);
      return { ...place, OS_ACCESS_KEY: access, OS_SECRET_KEY: secret };
    },
    stages: [
      { variables: {}, server: front },
      { variables: renamed, server: back, credentials: 'access key' },
    ],
  },
  huaweicloud: {
    source: 'huaweicloud/huaweicloud',
    environment: async (cloud) => {
      const { access, secret } = await readKey(cloud);
      return { HW_ACCESS_KEY: access, HW_SECRET_KEY: secret, TF_VAR_endpoint: cloud.origin };
    },
    stages: [
      { variables: password, server: front },
      { variables: { ...password, ...renamed }, server: back },
      { variables: { ...password, ...renamed, power: 'OFF' }, server: { ...back, status: 'SHUTOFF' } },
      { variables: { ...password, ...renamed, image: ubuntu }, server: { ...back, image: ubuntu } },
    ],
  },
};

function fileOf({ ingot }: Cloud, name: string): string {
  return ingot.first!.files.find((file) => file.endsWith(name))!;
}

async function readKey(cloud: Cloud): Promise<{ access: string; secret: string }> {
  return JSON.parse(await readFile(fileOf(cloud, 'access-key.json'), 'utf8')) as {
    access: string;
    secret: string;
  };
}
