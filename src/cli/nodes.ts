/** `ingot node …` */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import { parse } from 'yaml';
import { withQuery, type Answer, type Client } from './client.ts';
import { addCommand, findId, type Asked, type Told } from './command.ts';
import { openConsole } from './console.ts';
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

/** rack7-u9 comes before rack7-u12. */
const names = new Intl.Collator('en', { numeric: true });

const discoveredColumns: Columns = {
  SERIAL: (machine) => machine['serial_number'],
  MACS: (machine) => (machine['macs'] as string[]).join(', '),
  BMC: (machine) => machine['bmc_address'],
  FIRMWARE: (machine) => machine['firmware'],
  'FIRST SEEN': (machine) => machine['first_seen_at'],
  'LAST SEEN': (machine) => machine['last_seen_at'],
};

/** What may be said of a machine when it is enrolled and later. */
const facts: [flags: string, help: string][] = [
  ['--bmc-address <address>', 'its management controller: https://host, or host:port for ipmi'],
  ['--bmc-username <name>', 'user there'],
  ['--bmc-password-file <file>', 'file with the password; - reads it from the standard input'],
  ['--bmc-system <path>', 'path of the system when the controller has several'],
  ['--project <id>', 'dedicate it to this project'],
  ['--room <room>', 'where it is: the room, unless the zone has one only'],
  ['--rack <rack>', 'where it is'],
  ['--unit <unit>', 'height unit'],
  ['--power-policy <word>', 'follow or enforce'],
  ['--mac <addresses>', 'of the NICs that boot, by commas, where the controller does not tell them (ipmi)'],
  ['--boot-method <word>', 'network or media; else as INGOT_BOOT_METHOD says'],
];

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
      nodes.sort((a, b) => names.compare(a['name'] as string, b['name'] as string));
      return { json: nodes, text: toTable(nodes, columns) };
    },
  );
  addCommand(
    node,
    'show <node>',
    { does: 'Show a machine and what is under way on it.', example: 'ingot node show sim-001' },
    async (asked) => {
      const answer = await asked.client.ask('GET', await pathOf(asked));
      const { history, under_way, inventory, bmc_habits, ...fields } = answer;
      const habits = Object.entries(bmc_habits as Answer).map(([ladder, winner]) => `${ladder}: ${winner}`);
      const shown = { ...fields, ...inventory, bmc_habits: habits, under_way: under_way?.operation };
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
        'ingot node add --file fleet.yaml --zone eu-de-01   # nodes: [{name: …, driver: redfish, bmc: {address: …}, …}]',
      ].join('\n'),
      options: [
        ['--driver <word>', 'simulated, redfish or ipmi', 'redfish'],
        ['--zone <zone>', 'availability zone'],
        ['--flavor <flavor>', 'what it is rented as; without one, the largest that it can be'],
        ...facts,
        ['--adopt-as <name>', 'it is in use already: make a server of it (with --adopt-for)'],
        ['--adopt-for <project-id>', 'project of that server'],
        [
          '--inspect',
          'look at it in band as well: the machine is switched off, on into the ramdisk, and off again',
        ],
        [
          '--file <file>',
          'YAML or JSON with one node, a list of them, or nodes: […]; other options fill in what it leaves out',
        ],
      ],
    },
    add,
  );
  addCommand(
    node,
    'set <node>',
    {
      does: 'Change what is known of a machine; the rest stays. After another address or password: node inspect.',
      example: [
        'ingot node set rack7-u12 --flavor rack.small --rack 8 --unit 3',
        'ingot node set rack7-u12 --bmc-password-file -   # the one that the BMC has; see also node password',
      ].join('\n'),
      options: [
        ['--name <name>', 'another name'],
        ['--zone <zone>', 'availability zone'],
        ['--flavor <flavor>', 'what it is rented as'],
        ...facts,
        ['--shared', 'give it back to all projects'],
        ['--note <text>', 'for people'],
      ],
    },
    set,
  );
  addCommand(
    node,
    'scan <range>',
    {
      does: 'Look for BMCs in a block of addresses, without logging in; with --enrol, enrol those that are new.',
      example:
        'ingot node scan 10.0.0.0/24\ningot node scan 10.0.0.10-10.0.0.99 --enrol --zone eu-de-01 --bmc-username admin --bmc-password-file -',
      options: [
        ['--redfish-ports <ports>', 'ports by commas (443)'],
        ['--ipmi-ports <ports>', 'ports by commas (623)'],
        ['--enrol', 'enrol what is found and not known'],
        ['--prefix <text>', 'how the names of the new machines begin (bmc-)'],
        ['--zone <zone>', 'availability zone of the new machines'],
        ['--flavor <flavor>', 'what they are rented as; without one, the largest that each can be'],
        ['--bmc-username <name>', 'user at the BMCs'],
        ['--bmc-password-file <file>', 'file with the password; - reads it from the standard input'],
      ],
    },
    scan,
  );
  addCommand(
    node,
    'discovered',
    {
      does: 'List the machines that asked what to boot and are no nodes (INGOT_BOOT_DISCOVERY=on).',
      example: 'ingot node discovered --json',
    },
    async ({ client }) => {
      const answer = await client.ask('GET', '/admin/v1/nodes/discovered');
      const machines = answer['discovered'] as Answer[];
      return { json: machines, text: toTable(machines, discoveredColumns) };
    },
  );
  addCommand(
    node,
    'inspect <node>',
    {
      does: 'Read power and inventory, now by the BMC or with --in-band by the ramdisk; an enrolled machine becomes ready.',
      example: 'ingot node inspect rack7-u12\ningot node inspect rack7-u12 --in-band --wait',
      options: [
        ['--out-of-band', 'by the BMC; so it is without a word'],
        ['--in-band', 'by the ramdisk: the machine is switched off, on and off again'],
        ['--force', 'in band, even if the machine is on and nobody knows what for'],
        ['--wait', 'in band, until it has ended'],
        ['--cancel', 'give up the one in band that is under way'],
      ],
    },
    inspect,
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
    'console <node>',
    {
      does: 'Tie this terminal to the serial console of a machine, whatever is on it; ~. at the beginning of a line leaves.',
      example: 'ingot node console rack7-u12',
    },
    async (asked) => openConsole(asked, await pathOf(asked)),
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

async function inspect(asked: Asked): Promise<Told> {
  const { client, options } = asked;
  if (options['cancel']) return act(asked, 'DELETE', '/inspect');
  const isInBand = Boolean(options['inBand']);
  if (isInBand && options['outOfBand']) throw new Error('Either --in-band or --out-of-band.');
  if (!isInBand) return act(asked, 'POST', '/inspect');
  const path = await pathOf(asked);
  let node = await client.ask('POST', `${path}/inspect`, { in_band: true, force: Boolean(options['force']) });
  const inspectionOf = ({ inspection }: Answer) => inspection as Answer;
  while (options['wait'] && inspectionOf(node)['status'] === 'under-way') {
    await pause(lookMs);
    node = await client.ask('GET', path);
  }
  const inspection = inspectionOf(node);
  if (inspection['status'] === 'failed')
    throw new Error(`The inspection failed: ${String(inspection['evidence'])}`);
  return { json: node, text: `${toTable([node], columns)}\n\n${toFields(inspection)}` };
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
  const file = options['file'];
  if (file !== undefined && words[0] !== undefined)
    throw new Error('Give either the name of a machine, or --file.');
  const wishes = file === undefined ? [toNode(words[0], options)] : readNodes(file, options);
  const nodes = await enrol(client, wishes);
  return { json: file === undefined ? nodes[0] : { nodes }, text: toTable(nodes, columns) };
}

async function set(asked: Asked): Promise<Told> {
  const { name, note, shared, ...options } = asked.options;
  if (shared && options['project'] !== undefined) throw new Error('Either --project or --shared.');
  const wish = toNode('', options);
  const bmc = hasAny(wish['bmc'] as Answer) ? (wish['bmc'] as Answer) : undefined;
  const edit = { ...withoutEmpty({ ...wish, name, note, bmc }), ...(shared ? { project_id: null } : {}) };
  if (!hasAny(edit)) throw new Error('Say what to change; --help lists it.');
  return act(asked, 'PATCH', '', edit);
}

function hasAny(record: Answer): boolean {
  return Object.values(record).some((value) => value !== undefined);
}

/** One node, a list of nodes, or `nodes: […]`. What a node leaves out is as the options say. */
function readNodes(file: string, options: Asked['options']): unknown[] {
  const given: unknown = parse(readFileSync(file, 'utf8'));
  const { nodes } = (given ?? {}) as { nodes?: unknown[] };
  const listed = Array.isArray(given) ? (given as unknown[]) : (nodes ?? [given]);
  const password = passwordOf(options); // once: the standard input cannot be read again
  return listed.map((node) => (isRecord(node) ? fillIn(node, options, password) : node));
}

function fillIn(node: Answer, options: Asked['options'], password: string | undefined): Answer {
  const driver = (node['driver'] as string | undefined) ?? options['driver'];
  const { bmc, ...rest } = toNode('', { ...options, driver }, password);
  const filled = { ...withoutEmpty(rest), ...node, driver };
  if (driver === 'simulated' || (node['bmc'] !== undefined && !isRecord(node['bmc']))) return filled;
  return { ...filled, bmc: { ...withoutEmpty(bmc), ...(node['bmc'] as Answer | undefined) } };
}

function isRecord(value: unknown): value is Answer {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withoutEmpty(record: Answer): Answer {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}

/** Between two looks at something that goes on by itself. */
const lookMs = 1_000;

/** As many as one request takes. */
const enrolledAtOnce = 1_000;

/** Says how far it is when it takes several requests, to who watches. */
async function enrol(client: Client, wishes: unknown[]): Promise<Answer[]> {
  const nodes: Answer[] = [];
  const isWatched = wishes.length > enrolledAtOnce && process.stderr.isTTY;
  for (let at = 0; at < wishes.length; at += enrolledAtOnce) {
    const part = wishes.slice(at, at + enrolledAtOnce);
    const answer = await client.ask('POST', '/admin/v1/nodes', part.length === 1 ? part[0] : { nodes: part });
    nodes.push(...((answer['nodes'] ?? [answer]) as Answer[]));
    if (isWatched) process.stderr.write(`\r${nodes.length} of ${wishes.length} enrolled`);
  }
  if (isWatched) process.stderr.write('\n');
  return nodes;
}

async function scan({ client, words, options }: Asked): Promise<Told> {
  const toPorts = (text: string | undefined) => text?.split(',').map(Number);
  const answer = await client.ask('POST', '/admin/v1/nodes/scan', {
    range: words[0],
    redfish_ports: toPorts(options['redfishPorts']),
    ipmi_ports: toPorts(options['ipmiPorts']),
  });
  const found = answer['found'] as Answer[];
  const table = toTable(found, {
    ADDRESS: (bmc) => bmc['address'],
    DRIVER: (bmc) => bmc['driver'],
    VENDOR: (bmc) => bmc['vendor'],
    PRODUCT: (bmc) => bmc['product'],
    NODE: (bmc) => bmc['node'],
  });
  if (!options['enrol']) return { json: answer, text: table };
  const nodes = await enrol(client, toFoundNodes(found, options));
  return { json: { ...answer, nodes }, text: `${table}\n\n${toTable(nodes, columns)}` };
}

/** Those that nobody enrolled; of a BMC that speaks both, Redfish. */
function toFoundNodes(found: Answer[], options: Asked['options']): unknown[] {
  const hostOf = ({ address, driver }: Answer) =>
    driver === 'redfish' ? new URL(address as string).hostname : (address as string).split(':')[0]!;
  const password = passwordOf(options); // once: the standard input cannot be read again
  const byRedfish = new Set(found.filter(({ driver }) => driver === 'redfish').map(hostOf));
  return found
    .filter((bmc) => bmc['node'] === null)
    .filter((bmc) => bmc['driver'] === 'redfish' || !byRedfish.has(hostOf(bmc)))
    .map((bmc) => {
      const name = `${options['prefix'] ?? 'bmc-'}${(bmc['address'] as string).replace(/^https?:\/\//, '').replaceAll(/[^\w]+/g, '-')}`;
      const { driver, address: bmcAddress } = bmc;
      return toNode(name, { ...options, driver, bmcAddress }, password);
    });
}

function toNode(name: string | undefined, options: Asked['options'], password = passwordOf(options)): Answer {
  if (name === undefined) throw new Error('Give the name of the machine, or --file.');
  const bmc = {
    address: options['bmcAddress'],
    username: options['bmcUsername'],
    password,
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
    macs: options['mac']?.split(/[\s,]+/),
    boot_method: options['bootMethod'],
    inspect_in_band: options['inspect'] ? true : undefined,
    ...(adopt.name === undefined ? {} : { adopt }),
  };
}

function passwordOf(options: Asked['options']): string | undefined {
  const file = options['bmcPasswordFile'];
  return file === undefined ? undefined : readPassword(file);
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
