/** `ingot node …` */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { parse } from 'yaml';
import { withQuery, type Answer } from './client.ts';
import { addCommand, findId, type Asked, type Told } from './command.ts';
import { toFields, toTable, type Columns } from './output.ts';

const columns: Columns = {
  NAME: (node) => node['name'],
  STANDING: (node) => node['standing'],
  POWER: (node) => node['power'],
  DRIVER: (node) => node['driver'],
  FLAVOR: (node) => node['flavor_id'],
  ZONE: (node) => node['zone'],
  SERVER: (node) => node['server_id'],
  NOTE: (node) => node['note'],
};

export function addNodeCommands(program: Command): void {
  const node = program.command('node').description('The machines: enrol, look, maintain, retire.');
  addCommand(
    node,
    'list',
    {
      does: 'List the machines.',
      example: 'ingot node list --standing quarantined,maintenance',
      options: [
        ['--standing <words>', 'enrolled, ready, in-use, maintenance, quarantined; several by commas'],
        ['--driver <word>', 'simulated, redfish or ipmi'],
      ],
    },
    async ({ client, options: { standing, driver } }) => {
      const nodes = await client.askAll(withQuery('/admin/v1/nodes', { standing, driver }), 'nodes');
      return { json: nodes, text: toTable(nodes, columns) };
    },
  );
  addCommand(
    node,
    'show <node>',
    { does: 'Show a machine and what is under way on it.', example: 'ingot node show sim-001' },
    async (asked) => {
      const answer = await asked.client.ask('GET', await pathOf(asked));
      const { history, under_way, inventory, ...fields } = answer;
      const shown = { ...fields, ...inventory, under_way: under_way?.operation };
      return { json: answer, text: [toFields(shown), toMoves(history as Answer[])].join('\n\n') };
    },
  );
  addCommand(
    node,
    'add [name]',
    {
      does: 'Enrol a machine, or all that a file lists. An address and a password are never shown again.',
      example: [
        'ingot node add rack7-u12 --zone eu-de-01 --flavor physical.m2.large \\',
        '  --bmc-address https://10.0.7.12 --bmc-username root --bmc-password-file ./bmc-password',
        'ingot node add --file fleet.yaml   # nodes: [{name: …, driver: redfish, bmc: {address: …}, …}]',
      ].join('\n'),
      options: [
        ['--driver <word>', 'simulated, redfish or ipmi', 'redfish'],
        ['--zone <zone>', 'availability zone'],
        ['--flavor <flavor>', 'what it is rented as'],
        ['--bmc-address <address>', 'its management controller: https://host, or host:port for ipmi'],
        ['--bmc-username <name>', 'user there'],
        ['--bmc-password-file <file>', 'file with the password; - reads it from the standard input'],
        ['--bmc-system <path>', 'path of the system when the controller has several'],
        ['--project <id>', 'dedicate it to this project'],
        ['--room <room>', 'where it is: the room, unless the zone has one only'],
        ['--rack <rack>', 'where it is'],
        ['--unit <unit>', 'height unit'],
        ['--power-policy <word>', 'follow or enforce'],
        ['--adopt-as <name>', 'it is in use already: make a server of it (with --adopt-for)'],
        ['--adopt-for <project-id>', 'project of that server'],
        ['--file <file>', 'YAML or JSON with one node, or with nodes: […]'],
      ],
    },
    add,
  );
  addCommand(
    node,
    'inspect <node>',
    {
      does: 'Read power and inventory now; an enrolled machine becomes ready.',
      example: 'ingot node inspect rack7-u12',
    },
    (asked) => act(asked, 'POST', '/inspect'),
  );
  addCommand(
    node,
    'maintenance <node> <on|off>',
    {
      does: 'Begin or end maintenance. A server on the machine stays there; no new one comes.',
      example: 'ingot node maintenance rack7-u12 on --note "new fan"',
      options: [['--note <text>', 'why']],
    },
    (asked) => {
      const word = asked.words[1]!;
      if (word !== 'on' && word !== 'off') throw new Error(`"${word}" is neither on nor off.`);
      return act(asked, 'POST', '/maintenance', { on: word === 'on', note: asked.options['note'] });
    },
  );
  addCommand(
    node,
    'clear <node>',
    { does: 'Give a quarantined machine free.', example: 'ingot node clear sim-003' },
    (asked) => act(asked, 'POST', '/clear'),
  );
  addCommand(
    node,
    'password <node>',
    {
      does: 'Give the BMC of a machine another password, or say how that stands.',
      example:
        'ingot node password rack7-u12 --new            # one that only Ingot knows\ningot node password rack7-u12',
      options: [
        ['--new', 'make a new one'],
        ['--file <file>', 'take the new one from a file; - reads it from the standard input'],
        ['--abandon', 'forget the new one that is on its way'],
      ],
    },
    changePassword,
  );
  addCommand(
    node,
    'retire <node>',
    { does: 'Forget a machine that carries no server.', example: 'ingot node retire sim-024' },
    async (asked) => {
      await asked.client.ask('DELETE', await pathOf(asked));
      return { json: {}, text: `${asked.words[0]} is retired.` };
    },
  );
}

async function pathOf({ client, words }: Asked): Promise<string> {
  return `/admin/v1/nodes/${await findId(client, 'node', words[0]!)}`;
}

async function act(asked: Asked, method: string, verb: string, body?: unknown): Promise<Told> {
  const answer = await asked.client.ask(method, `${await pathOf(asked)}${verb}`, body);
  return { json: answer, text: toTable([answer], columns) };
}

async function changePassword(asked: Asked): Promise<Told> {
  const { client, options } = asked;
  const path = `${await pathOf(asked)}/bmc-password`;
  if (options['abandon']) {
    await client.ask('DELETE', path);
    return { json: {}, text: 'The old password stays in use.' };
  }
  const file = options['file'];
  const answer =
    file === undefined && !options['new']
      ? await client.ask('GET', path)
      : await client.ask('PUT', path, file === undefined ? {} : { password: readPassword(file) });
  return { json: answer, text: toFields(answer) };
}

async function add({ client, words, options }: Asked): Promise<Told> {
  const body = options['file'] === undefined ? toNode(words[0], options) : readNodes(options['file']);
  const answer = await client.ask('POST', '/admin/v1/nodes', body);
  const nodes = (answer['nodes'] ?? [answer]) as Answer[];
  return { json: answer, text: toTable(nodes, columns) };
}

function readNodes(file: string): unknown {
  return parse(readFileSync(file, 'utf8'));
}

function toNode(name: string | undefined, options: Asked['options']): unknown {
  if (name === undefined) throw new Error('Give the name of the machine, or --file.');
  const passwordFile = options['bmcPasswordFile'];
  const bmc = {
    address: options['bmcAddress'],
    username: options['bmcUsername'],
    password: passwordFile === undefined ? undefined : readPassword(passwordFile),
    system: options['bmcSystem'],
  };
  const adopt = { name: options['adoptAs'], project_id: options['adoptFor'] };
  return {
    name,
    driver: options['driver'],
    ...(options['driver'] === 'simulated' ? {} : { bmc }),
    zone: options['zone'],
    flavor_id: options['flavor'],
    project_id: options['project'],
    room: options['room'],
    rack: options['rack'],
    unit: options['unit'] === undefined ? undefined : Number(options['unit']),
    power_policy: options['powerPolicy'],
    ...(adopt.name === undefined ? {} : { adopt }),
  };
}

/** Not an argument: those are seen by every user of the machine. */
function readPassword(file: string): string {
  return readFileSync(file === '-' ? 0 : file, 'utf8').trimEnd();
}

/** The moves of a server or on a node, newest first. */
export function toMoves(history: Answer[]): string {
  return toTable(history, {
    AT: (event) => event['at'],
    FROM: (event) => event['from'],
    TO: (event) => event['to'],
    OPERATION: (event) => event['operation'],
    WHY: (event) => event['reason'],
    EVIDENCE: (event) => event['evidence'],
  });
}
