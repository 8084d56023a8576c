/** Terraform or OpenTofu and the providers: as they are found, or built by Go from their published modules. */
import { execFile } from 'node:child_process';
import { access, constants, mkdir, readdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

interface Module {
  path: string;
  version: string;
  main: string;
}

const openTofu: Module = { path: 'github.com/opentofu/opentofu', version: 'v1.12.6', main: './cmd/tofu' };
const openstackProvider: Module = {
  path: 'github.com/terraform-provider-openstack/terraform-provider-openstack/v3',
  version: 'v3.4.0',
  main: '.',
};

/** The name of a provider and the folder with its program. */
export type Providers = ReadonlyMap<string, string>;

const programPrefix = 'terraform-provider-';

/** Those whose programs are in a folder, as `terraform-provider-NAME` or with a version behind it. */
export async function findProviders(folder: string): Promise<Providers> {
  const files = (await readdir(folder)).filter((file) => file.startsWith(programPrefix));
  return new Map(files.map((file) => [file.slice(programPrefix.length).split('_')[0]!, folder]));
}

/** The one provider that the module proxy of Go has whole. The others name their own builds. */
export async function buildOpenstackProvider(cache: string): Promise<Providers> {
  await build(openstackProvider, join(cache, `${programPrefix}openstack`));
  return new Map([['openstack', cache]]);
}

/** `terraform` or `tofu` of the PATH, else OpenTofu, which takes many minutes to build on a small machine. */
export async function findTerraform(cache: string): Promise<string> {
  const found = (await findInPath('terraform')) ?? (await findInPath('tofu'));
  if (found) return found;
  const built = join(cache, 'tofu');
  await build(openTofu, built);
  return built;
}

async function findInPath(name: string): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    if (await isProgram(join(folder, name))) return join(folder, name);
  }
  return undefined;
}

function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** In the module's own folder, so that what its go.mod replaces is replaced. */
async function build({ path, version, main }: Module, program: string): Promise<void> {
  if (await isProgram(program)) return;
  const go = await findInPath('go');
  if (!go) throw new Error(`There is no Go to build ${path} with. See npm run terraform -- --help.`);
  console.log(`building ${path} ${version}`);
  const folder = join(program, '..');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'go.mod'), 'module build\n');
  const { stdout } = await run(go, ['mod', 'download', '-json', `${path}@${version}`], { cwd: folder });
  const { Dir: source } = JSON.parse(stdout) as { Dir: string };
  await run(go, ['build', '-p', '2', '-trimpath', '-buildvcs=false', '-o', program, main], { cwd: source });
}
