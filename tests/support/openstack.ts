/** The unmodified commands and libraries of OpenStack, as Debian has them and as they run against a cloud. */
import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import type { Cloud } from './cloud.ts';
import { runLoaded } from './loaded-shell.ts';

const run = promisify(execFile);

/** Debian's own Python: another one in the PATH does not see Debian's libraries. */
const python = '/usr/bin/python3';

export const whyNot = 'the command openstack is not installed (Debian: python3-openstackclient)';
export const isInstalled = has('openstackclient');

export const whyNoNova = 'the command nova is not installed (Debian: python3-novaclient)';
export const novaIsInstalled = has('novaclient');

export const whyNoSdk = 'the library openstack is not installed (Debian: python3-openstacksdk)';
export const hasSdk = has('openstack');

function has(module: string): boolean {
  const look = `import importlib.util, sys; sys.exit(importlib.util.find_spec('${module}') is None)`;
  return spawnSync(python, ['-c', look]).status === 0;
}

/** As whoever has the clouds.yaml of the first start. */
function inCloud(cloud: Cloud): Record<string, string | undefined> {
  const clouds = cloud.ingot.first!.files.find((file) => file.endsWith('clouds.yaml'))!;
  return { PATH: process.env.PATH, OS_CLIENT_CONFIG_FILE: clouds, OS_CLOUD: 'ingot' };
}

/** Runs `openstack …`; a code other than 0 is an error with its words. */
export function openstack(cloud: Cloud, ...args: string[]): Promise<string> {
  return openstackOf(python, cloud, ...args);
}

/** The same by the command of a Python environment, see `pythonWith`. */
export function openstackOf(python: string, cloud: Cloud, ...args: string[]): Promise<string> {
  return runLoaded(python, 'openstackclient.shell', args, inCloud(cloud));
}

/** Runs a script of openstacksdk, which writes JSON. */
export async function openstackSdk(cloud: Cloud, script: string): Promise<Record<string, unknown>> {
  const { stdout } = await run(python, [script], { env: inCloud(cloud), maxBuffer: 16_000_000 });
  return JSON.parse(stdout) as Record<string, unknown>;
}

export interface Login {
  user: string;
  password: string;
  project: string;
}

/** By the environment, for what reads no clouds.yaml and for other people than its own. */
function loggedIn(cloud: Cloud, { user, password, project }: Login): Record<string, string | undefined> {
  return {
    PATH: process.env.PATH,
    OS_AUTH_URL: `${cloud.origin}/v3`,
    OS_USERNAME: user,
    OS_PASSWORD: password,
    OS_USER_DOMAIN_NAME: 'Default',
    OS_PROJECT_NAME: project,
    OS_PROJECT_DOMAIN_NAME: 'Default',
    OS_REGION_NAME: 'eu-de',
    OS_IDENTITY_API_VERSION: '3',
  };
}

export function openstackAs(cloud: Cloud, login: Login, ...args: string[]): Promise<string> {
  return runLoaded(python, 'openstackclient.shell', args, loggedIn(cloud, login));
}

/** Runs `nova …` as the administrator of the first start. */
export function nova(cloud: Cloud, ...args: string[]): Promise<string> {
  const login = { user: 'admin', password: cloud.ingot.first!.password!, project: 'eu-de' };
  return runLoaded(python, 'novaclient.shell', args, loggedIn(cloud, login));
}
