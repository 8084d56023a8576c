/**
 * `npm run terraform`: takes unmodified Terraform providers through the examples of examples/terraform, each against a
 * new Ingot: an apply that fails, another that succeeds, changes, destroy. After each step a plan must be empty and the
 * server as wished; in the end nothing may be left. No part of `npm test`: the providers are large, and only that of
 * OpenStack can be built from the module proxy of Go alone.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { startCloud, type Cloud } from '../support/cloud.ts';
import prepareRun from '../support/prepare-run.ts';
import { buildOpenstackProvider, findProviders, findTerraform } from './programs.ts';
import { stories, type Stage, type Story } from './stories.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** Of the output of a command that did not do what it should. */
const mostLines = 60;
const cache = join(root, 'node_modules/.cache/terraform');

await new Command('terraform')
  .description('Takes unmodified Terraform providers through examples/terraform, against a new Ingot.')
  .argument('[provider...]', `among ${Object.keys(stories).join(', ')}; without: all that there are`)
  .option(
    '--providers <folder>',
    'with programs terraform-provider-NAME; without: that of OpenStack is built by Go',
  )
  .option('--terraform <program>', 'without: terraform or tofu of the PATH, or OpenTofu, built by Go')
  .action(main)
  .parseAsync();

async function main(asked: string[], options: { providers?: string; terraform?: string }): Promise<void> {
  const folder = options.providers;
  const providers = folder === undefined ? await buildOpenstackProvider(cache) : await findProviders(folder);
  const terraform = options.terraform ?? (await findTerraform(cache));
  const names = asked.length > 0 ? asked : Object.keys(stories).filter((name) => providers.has(name));
  if (names.length === 0) throw new Error(`${folder} has no program of a provider that has an example.`);
  const endRun = await prepareRun();
  try {
    for (const name of names) {
      const story = stories[name];
      const program = providers.get(name);
      if (!story || program === undefined) throw new Error(`There is no provider ${name} here.`);
      await tell(name, story, terraform, program);
    }
  } finally {
    await endRun();
  }
}

async function tell(name: string, story: Story, terraform: string, program: string): Promise<void> {
  const cloud = await startCloud({ INGOT_SIM_STEP_MS: '300', INGOT_RATE_LIMIT: '0' });
  const folder = await mkdtemp(join(tmpdir(), 'ingot-terraform-'));
  try {
    await cp(join(root, 'examples/terraform', name), folder, { recursive: true });
    const settings = join(folder, 'settings.tfrc');
    await writeFile(
      settings,
      `provider_installation {\n  dev_overrides {\n    "${story.source}" = ${JSON.stringify(program)}\n  }\n  direct {}\n}\n`,
    );
    const ask = async (stage: Stage, ...words: string[]): Promise<Result> => {
      await writeFile(join(folder, 'stage.auto.tfvars.json'), JSON.stringify(stage.variables));
      const environment = await story.environment(cloud, stage.credentials ?? 'password');
      return run(terraform, [`-chdir=${folder}`, ...words, '-no-color', '-input=false'], {
        ...environment,
        TF_CLI_CONFIG_FILE: settings,
        CHECKPOINT_DISABLE: '1',
      });
    };
    await failFirst(cloud, () => ask(story.stages[0]!, 'apply', '-auto-approve'));
    console.log(`${name}: its server failed, as it should`);
    for (const [number, stage] of story.stages.entries()) {
      await timed(`${name}, stage ${number + 1}: apply`, () => ask(stage, 'apply', '-auto-approve'));
      assert.deepEqual(await readServers(cloud), [stage.server]);
      expectCode(await ask(stage, 'plan', '-detailed-exitcode'), 'the plan after an apply is not empty');
    }
    const last = story.stages.at(-1)!;
    await timed(`${name}: destroy`, () => ask(last, 'destroy', '-auto-approve'));
    await assertEmpty(cloud);
    console.log(`${name}: all well`);
  } finally {
    await rm(folder, { recursive: true, force: true });
    await cloud.close();
  }
}

/** No machine can be installed; the next apply has to replace what is left of this one, in one go. */
async function failFirst(cloud: Cloud, apply: () => Promise<Result>): Promise<void> {
  const { body } = await cloud.call('GET', '/admin/v1/nodes');
  const fault = { on: 'create', kind: 'fail', times: 1 };
  for (const { id } of body.nodes as { id: string }[]) {
    await cloud.call('POST', '/admin/v1/faults', { ...fault, target: id });
  }
  assert.notEqual((await apply()).code, 0, 'an apply went well though its server failed');
  await cloud.call('DELETE', '/admin/v1/faults');
}

async function timed(what: string, work: () => Promise<Result>): Promise<void> {
  const began = performance.now();
  expectCode(await work(), `${what} failed`);
  console.log(`${what}: ${((performance.now() - began) / 1_000).toFixed(1)} s`);
}

interface Result {
  code: number | null;
  output: string;
}

function expectCode({ code, output }: Result, complaint: string): void {
  if (code !== 0) console.error(output.split('\n').slice(-mostLines).join('\n'));
  assert.equal(code, 0, complaint);
}

async function run(program: string, words: string[], environment: Record<string, string>): Promise<Result> {
  const child = spawn(program, words, {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => output.push(chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output: Buffer.concat(output).toString() };
}

/** As another client sees them. */
async function readServers(cloud: Cloud): Promise<Stage['server'][]> {
  const headers = { 'x-openstack-nova-api-version': '2.26' };
  const [servers, images] = await Promise.all([
    cloud.call('GET', '/v2.1/{p}/servers/detail', undefined, headers),
    cloud.call('GET', '/image/v2/images'),
  ]);
  const nameOf = (id: string) =>
    (images.body.images as { id: string; name: string }[]).find((image) => image.id === id)?.name ?? id;
  return servers.body.servers.map(
    (server: Stage['server'] & { image: { id: string }; metadata: { role: string } }) => ({
      name: server.name,
      status: server.status,
      role: server.metadata.role,
      tags: server.tags.toSorted(),
      image: nameOf(server.image.id),
    }),
  );
}

async function assertEmpty(cloud: Cloud): Promise<void> {
  const left = async (path: string, key: string) => (await cloud.call('GET', path)).body[key] as unknown[];
  assert.deepEqual(await left('/v2.1/{p}/servers', 'servers'), []);
  assert.deepEqual(await left('/v2.1/{p}/os-keypairs', 'keypairs'), []);
  assert.deepEqual(await left('/volume/v3/{p}/volumes', 'volumes'), []);
  assert.deepEqual(await left('/network/v2.0/ports', 'ports'), []);
  assert.equal((await left('/network/v2.0/networks', 'networks')).length, 1, 'a network is left');
}
