/**
 * Who the commands are: what `ingot serve` wrote into the data folder, or any other `clouds.yaml`; each `OS_…` variable
 * of the environment goes before it, as with the OpenStack client.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { settings } from '../config.ts';

export type Environment = Record<string, string | undefined>;

export interface Credentials {
  authUrl: string;
  /** Where Ingot is, when that is not where tokens come from. */
  endpoint: string | null;
  /** A token that is there already; the rest is not needed then. */
  token: string | null;
  username: string;
  password: string;
  userDomain: string;
  project: string | null;
  projectDomain: string;
  /** Certificates to trust besides those that everybody does, in PEM. */
  caFile: string | null;
}

interface Cloud {
  auth: Partial<Record<string, string>>;
  cacert?: string;
}

/** @throws Error with one line that says what is missing and how to give it */
export function readCredentials(env: Environment): Credentials {
  const { auth, cacert } = readCloud(env);
  const authUrl = env['OS_AUTH_URL'] ?? auth['auth_url'];
  const token = env['OS_TOKEN'] ?? null;
  const username = env['OS_USERNAME'] ?? auth['username'];
  const password = env['OS_PASSWORD'] ?? auth['password'];
  if (!authUrl || (token === null && (!username || !password))) {
    throw new Error(
      `No credentials: ${fileOf(env)} is not there. Run it where \`ingot serve\` was started, or set INGOT_DATA, or OS_AUTH_URL, OS_USERNAME and OS_PASSWORD.`,
    );
  }
  return {
    authUrl: authUrl.replace(/\/$/, ''),
    endpoint: env['INGOT_URL']?.replace(/\/$/, '') ?? null,
    token,
    username: username ?? '',
    password: password ?? '',
    userDomain: env['OS_USER_DOMAIN_NAME'] ?? auth['user_domain_name'] ?? 'Default',
    project: env['OS_PROJECT_NAME'] ?? auth['project_name'] ?? null,
    projectDomain: env['OS_PROJECT_DOMAIN_NAME'] ?? auth['project_domain_name'] ?? 'Default',
    caFile: env['OS_CACERT'] || cacert || null,
  };
}

function fileOf(env: Environment): string {
  return env['OS_CLIENT_CONFIG_FILE'] ?? join(settings.data.parse(env['INGOT_DATA']), 'clouds.yaml');
}

/** `clouds.<name>`; empty when there is no file. */
function readCloud(env: Environment): Cloud {
  const file = fileOf(env);
  if (!existsSync(file)) return { auth: {} };
  const { clouds } = parse(readFileSync(file, 'utf8')) as { clouds?: Record<string, Partial<Cloud>> };
  const name = env['OS_CLOUD'] ?? 'ingot';
  const { auth, cacert } = clouds?.[name] ?? {};
  if (!auth) throw new Error(`${file} has no cloud named ${name}; set OS_CLOUD.`);
  return { auth, ...(cacert === undefined ? {} : { cacert }) };
}
