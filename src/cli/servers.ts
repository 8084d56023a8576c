/** `ingot server …` */
import type { Command } from 'commander';
import { withQuery, type Answer } from './client.ts';
import { addCommand, findId, type Asked } from './command.ts';
import { openConsole } from './console.ts';
import { toMoves } from './nodes.ts';
import { toFields, toTable } from './output.ts';

export function addServerCommands(program: Command): void {
  const server = program.command('server').description('The servers of all projects: look, ask why, retry.');
  addCommand(
    server,
    'list',
    {
      does: 'List the servers of all projects.',
      example: 'ingot server list --state Faulty',
      options: [
        ['--state <state>', 'one of the 13 states of the lifecycle'],
        ['--name <part>', 'part of the name'],
      ],
    },
    async ({ client, options: { state, name } }) => {
      const servers = await client.askAll(withQuery('/admin/v1/servers', { state, name }), 'servers');
      const text = toTable(servers, {
        ID: (it) => it['id'],
        NAME: (it) => it['name'],
        STATE: (it) => it['state'],
        POWER: (it) => it['power'],
        NODE: (it) => it['node_name'],
        PROJECT: (it) => it['project_id'],
      });
      return { json: servers, text };
    },
  );
  addCommand(
    server,
    'why <server>',
    {
      does: 'Say why a server stands where it stands: what it waits for, what was seen, what to do.',
      example: 'ingot server why web-1',
    },
    async (asked) => {
      const answer = await asked.client.ask('GET', `${await pathOf(asked)}/why`);
      return { json: answer, text: toFields({ ...answer, error: answer['error']?.message }) };
    },
  );
  // Under the server, where it belongs, and short, for the hurry in which it is wanted.
  for (const [parent, example] of [
    [server, 'ingot server retry web-1'],
    [program, 'ingot retry web-1'],
  ] as const) {
    addCommand(
      parent,
      'retry <server>',
      { does: 'Look now at what is under way on a server, instead of at its next turn.', example },
      async (asked) => {
        const answer = await asked.client.ask('POST', `${await pathOf(asked)}/retry`);
        return { json: answer, text: `${asked.words[0]} is looked at now.` };
      },
    );
  }
  addCommand(
    server,
    'clear-fault <server>',
    {
      does: 'Look at the machine of a Faulty server, and let the server stand as that is found: its machine was repaired.',
      example: 'ingot server clear-fault web-1',
    },
    async (asked) => {
      const answer = await asked.client.ask('POST', `${await pathOf(asked)}/clear-fault`);
      return { json: answer, text: `${asked.words[0]} is ${answer['state']}.` };
    },
  );
  addCommand(
    server,
    'console <server>',
    {
      does: 'Tie this terminal to the serial console of a server; ~. at the beginning of a line leaves.',
      example: 'ingot server console web-1',
    },
    async (asked) => openConsole(asked, await pathOf(asked)),
  );
  addCommand(
    server,
    'timeline <server>',
    {
      does: 'Show each sign of its boots: from the first DHCP request to the report of its system.',
      example: 'ingot server timeline web-1',
    },
    async (asked) => {
      const { boots } = await asked.client.ask('GET', `${await pathOf(asked)}/timeline`);
      return { json: boots as unknown, text: toTimeline(boots as Answer[]) };
    },
  );
  addCommand(
    server,
    'history <server>',
    { does: 'List what happened to a server, newest first.', example: 'ingot server history web-1' },
    async (asked) => {
      const { history } = await asked.client.ask('GET', `${await pathOf(asked)}/history`);
      return { json: history as unknown, text: toMoves(history as Answer[]) };
    },
  );
}

/** The signs of each boot, the newest boot first, with the last lines that were heard. */
function toTimeline(boots: Answer[]): string {
  const parts = boots.map((boot) => {
    const title = `${boot['kind']} by ${boot['method']}, begun ${boot['began_at']}: ${boot['stage']}`;
    const signs = toTable(boot['signs'] as Answer[], {
      SECONDS: (it) => it['after_seconds'],
      SIGN: (it) => it['sign'],
      DETAIL: (it) => it['detail'],
    });
    return [title, signs, ...(boot['log_tail'] as string[]).slice(-10).map((line) => `  | ${line}`)].join(
      '\n',
    );
  });
  return parts.join('\n\n') || 'Its machine has not booted the ramdisk.';
}

async function pathOf({ client, words }: Asked): Promise<string> {
  return `/admin/v1/servers/${await findId(client, 'server', words[0]!)}`;
}
