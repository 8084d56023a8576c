/** The pages that are computed: lifecycle, endpoints, samples, errors, settings, conformance, BMCs. */
import { actionsOf, type Route } from '../src/apis/api.ts';
import { settings } from '../src/config.ts';
import { actions } from '../src/core/actions.ts';
import { IngotError, stateRefuses, type ErrorFacts } from '../src/core/errors.ts';
import {
  isIntermediate,
  lifecycle,
  stateAtRest,
  states,
  stateOf,
  statesAccepting,
  taskStatesOf,
  type Door,
  type State,
} from '../src/core/lifecycle.ts';
import { remedyKinds } from '../src/core/remedy.ts';
import { operationKinds, operations } from '../src/core/operations.ts';
import { allApis, originalOf } from './all-apis.ts';
import { bmcsPage } from './bmcs-page.ts';
import { conformancePage } from './conformance-page.ts';
import { samplesPages } from './samples-pages.ts';

const doors: Door[] = ['bms', 'nova', 'clouddc'];
const head = (title: string, from: string) =>
  `# ${title}\n\nGenerated from \`${from}\` by \`npm run docs\`; do not edit.\n`;

export function pages(): Record<string, string> {
  return {
    'lifecycle.md': lifecyclePage(),
    'endpoints.md': endpointsPage(),
    'errors.md': errorsPage(),
    'settings.md': settingsPage(),
    'conformance.md': conformancePage(table),
    'bmcs.md': bmcsPage(table),
    ...samplesPages(),
  };
}

/** Cells in a table may not end the row or the cell. */
const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function table(columns: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');
}

function lifecyclePage(): string {
  const shown = states.map((state) => {
    const row = lifecycle[state];
    const instance =
      typeof row.instance === 'string' ? row.instance : Object.values(row.instance).join(', then ');
    return [
      state,
      row.attribute,
      row.published,
      row.vmState,
      taskStatesOf(state).join(', ') || '–',
      String(row.powerState),
      row.rests ?? '–',
      instance,
      row.deadlineMinutes ? `${row.deadlineMinutes} min` : '–',
    ];
  });
  const upstream = states
    .filter((state) => lifecycle[state].upstreamStatus)
    .map((state) => `${lifecycle[state].upstreamStatus} in ${state}`)
    .join(', ');
  const accepted = states.map((state) => [
    state,
    ...doors.map((door) => lifecycle[state].accepts[door].join(', ') || '–'),
    lifecycle[state].console,
  ]);
  const ends = states
    .filter((state) => lifecycle[state].by)
    .map((state) => {
      const { by, success, failure } = lifecycle[state];
      return [
        state,
        by!,
        operationKinds[by!].steps.join(' → '),
        success!,
        failure!.on,
        failure!.off,
        failure!.unknown,
      ];
    });
  const remedies = states
    .filter((state) => lifecycle[state].remedies)
    .map((state) => [state, lifecycle[state].remedies!.join(', ')]);
  const remedyFacts = Object.entries(remedyKinds).map(([remedy, { does, share, mostMinutes }]) => [
    remedy,
    does,
    `${share * 100} % of the deadline, at most ${mostMinutes} min`,
  ]);
  return `${head('Lifecycle of a server', 'src/core/lifecycle.ts')}
## States

${table(['state', 'attribute', 'API status', 'vm_state', 'task_state', 'power_state', 'machine', 'CloudDC state', 'deadline'], shown)}

Power states: 0 no state, 1 running, 4 shut down. Machine: its power while the server rests there; one that is found
otherwise twice takes its server along to the state that rests so, or is put back. Deleted keeps its record for a
retention time. gophercloud, which takes SHUTOFF for the end of a rebuild, reads ${upstream} by Nova v2.1.

## Operations accepted, by API

${table(['state', 'BMS v1', 'Nova v2.1', 'CloudDC', 'serial console'], accepted)}

Serial console: *offered* gives links, *kept* lets open ones go on, *closed* ends them.

## Ends

Where a state ends when its effect was seen, and when it failed, by what the BMC says then.

${table(['state', 'operation', 'steps', 'success', 'failed, power on', 'failed, power off', 'failed, no answer'], ends)}

## When a deadline passes

What is tried then, in this order, each once and each with some more time; after the last the operation fails as above.

${table(['state', 'remedies'], remedies)}

${table(['remedy', 'what it does', 'more time'], remedyFacts)}

## Diagram

\`\`\`mermaid
${diagram()}
\`\`\`
`;
}

function diagram(): string {
  const name = (state: State) => state.replaceAll(' ', '_');
  const lines = new Set<string>(['stateDiagram-v2', '  [*] --> Creating: create']);
  for (const operation of operations) {
    const to = stateOf(operation);
    const froms = new Set(doors.flatMap((door) => statesAccepting(operation, door)));
    for (const from of froms) {
      // Deletion out of every busy state would hide the rest of the picture.
      if (isIntermediate(from)) continue;
      lines.add(`  ${name(from)} --> ${name(to)}: ${operation}`);
    }
  }
  for (const state of states) {
    const { success, failure, rests } = lifecycle[state];
    const found = rests === 'on' ? 'off' : 'on';
    if (rests) lines.add(`  ${name(state)} --> ${name(stateAtRest(found))}: found ${found}`);
    if (success) lines.add(`  ${name(state)} --> ${name(success)}`);
    if (success === null) lines.add(`  ${name(state)} --> [*]`);
    for (const end of new Set(Object.values(failure ?? {})))
      lines.add(`  ${name(state)} --> ${name(end)}: failed`);
  }
  return [...lines].join('\n');
}

/** Permission, access level, twin; of several actions behind one path all. */
function permissionOf(route: Route): string[] {
  const possible = actionsOf(route).map((action) => ({ action, ...actions[action] }));
  const each = (tell: (one: (typeof possible)[number]) => string | undefined) =>
    [...new Set(possible.map(tell).filter((it) => it !== undefined))].join(', ');
  if (possible.length === 0) return ['open', '', ''];
  const marks = [
    ...(route.access !== 'open' && route.isOwnOpen ? ['own'] : []),
    ...(possible[0]!.isForOperators ? ['operators'] : []),
  ];
  const names = each(({ names }) => `\`${names[0]}\``);
  return [
    [names, ...marks].join(', '),
    each(({ level }) => level),
    each(({ twin }) => twin && `\`${twin}\``),
  ];
}

function endpointsPage(): string {
  const parts = allApis().map((api) => {
    const rows = api.routes.map((route) => [
      `[${route.id}](samples/${api.name}.md#${originalOf(api, route).toLowerCase()})`,
      `\`${route.method} ${(route.hosts ?? []).map((label) => `${label}.*`).join('|')}${route.path}\``,
      route.summary,
      ...permissionOf(route),
    ]);
    return `## ${api.title}\n\n${table(['id', 'call', 'what', 'permission', 'level', 'twin'], rows)}\n`;
  });
  return `${head('Endpoints', 'src/apis/*/routes.ts')}
Permission: what a policy must allow, by the name that policies of version 1.1 use; \`open\` needs no token, and
\`own\` is open to everybody logged in, about what is theirs. A call of the Nova family is also opened by its twin
(setting \`INGOT_BMS_TWINS\`). \`operators\` marks what only the role admin opens.

${parts.join('\n')}`;
}

const examples: ErrorFacts[] = [
  { kind: 'invalid', message: 'name: must be a string', field: 'name' },
  { kind: 'invalid', code: 'malformed', message: 'Malformed JSON' },
  {
    kind: 'invalid',
    code: 'Common.0018',
    message: 'The project of the token is not the project of the URL.',
  },
  { kind: 'unauthenticated', message: 'Incorrect IAM authentication information: decrypt token fail' },
  { kind: 'not-allowed', message: "Policy doesn't allow it to be performed." },
  { kind: 'not-found', subject: 'server', id: 'ID', message: 'The server ID does not exist.' },
  { kind: 'not-found', subject: 'path', id: '/path', message: 'The path /path does not exist.' },
  { kind: 'conflict', subject: 'server', id: 'ID', message: 'The server ID is locked.' },
  stateRefuses('ID', 'start', 'Running', ['Stopped']).facts,
  stateRefuses('ID', 'stop', 'Stopped', ['Running']).facts,
  stateRefuses('ID', 'stop', 'Starting', ['Running']).facts,
  stateRefuses('ID', 'start', 'Stopping', ['Stopped']).facts,
  stateRefuses('ID', 'stop', 'Restarting', ['Running']).facts,
  { kind: 'quota', message: 'The quota is used up.' },
  {
    kind: 'no-capacity',
    message: 'Check capacity fail, the number of capacity is: [0], and req num is: [1].',
  },
  { kind: 'too-large', message: 'The body is too large.' },
  { kind: 'too-slow', message: 'The body did not arrive within 60 seconds.' },
  { kind: 'too-many-requests', message: 'The throttling threshold has been reached.', retryAfterSeconds: 1 },
  { kind: 'unavailable', message: 'The database is away.', retryAfterSeconds: 5 },
  { kind: 'internal', message: 'Internal error.' },
];

function errorsPage(): string {
  const about = { origin: 'http://127.0.0.1:8774', requestId: 'REQUEST', path: '/path', headers: {} };
  const parts = allApis().map((api) => {
    const rows = examples.map((facts) => {
      const { statusCode, body } = api.toError(new IngotError(facts), about);
      const words = facts.state ? `${facts.kind}: ${facts.operation} while ${facts.state}` : facts.kind;
      return [
        facts.code ? `${words} (${facts.code})` : facts.subject ? `${words} (${facts.subject})` : words,
        String(statusCode),
        `\`${JSON.stringify(body)}\``,
      ];
    });
    return `## ${api.title}\n\n${table(['kind', 'HTTP', 'body'], rows)}\n`;
  });
  return `${head('Errors', 'src/apis/*/errors.ts')}
Each kind of failure inside Ingot, in the envelope and the codes of each API. A refusal names the state.

${parts.join('\n')}`;
}

function settingsPage(): string {
  const rows = Object.values(settings).map(({ env, default: byDefault, help }) => [
    `\`${env}\``,
    byDefault,
    help,
  ]);
  return `${head('Settings', 'src/config.ts')}
All settings are environment variables.

${table(['setting', 'default', 'what'], rows)}
`;
}
