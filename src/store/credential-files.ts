/** The files by which clients find an installation: written at first start, readable by the owner only. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface CredentialFacts {
  origin: string;
  region: string;
  password: string;
  access: string;
  secret: string;
  projectId: string;
}

export const credentialFiles = ['clouds.yaml', 'openrc', 'access-key.json'] as const;

export async function writeCredentialFiles(folder: string, facts: CredentialFacts): Promise<void> {
  const contents: Record<(typeof credentialFiles)[number], string> = {
    'clouds.yaml': toCloudsYaml(facts),
    openrc: toOpenrc(facts),
    'access-key.json': `${JSON.stringify(
      { access: facts.access, secret: facts.secret, project_id: facts.projectId, endpoint: facts.origin },
      null,
      2,
    )}\n`,
  };
  for (const name of credentialFiles) await writeFile(join(folder, name), contents[name], { mode: 0o600 });
}

function toCloudsYaml({ origin, region, password }: CredentialFacts): string {
  return `clouds:
  ingot:
    auth:
      auth_url: ${JSON.stringify(`${origin}/v3`)}
      username: admin
      password: ${JSON.stringify(password)}
      user_domain_name: Default
      project_name: ${JSON.stringify(region)}
      project_domain_name: Default
    region_name: ${JSON.stringify(region)}
    interface: public
    identity_api_version: 3
`;
}

function toOpenrc({ origin, region, password }: CredentialFacts): string {
  const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
  return `export OS_AUTH_URL=${quote(`${origin}/v3`)}
export OS_USERNAME=admin
export OS_PASSWORD=${quote(password)}
export OS_USER_DOMAIN_NAME=Default
export OS_PROJECT_NAME=${quote(region)}
export OS_PROJECT_DOMAIN_NAME=Default
export OS_REGION_NAME=${quote(region)}
export OS_IDENTITY_API_VERSION=3
export OS_INTERFACE=public
`;
}
