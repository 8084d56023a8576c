/** `ingot fault …` */
import type { Command } from 'commander';
import type { Answer, Client } from './client.ts';
import { addCommand, findIdIfAny } from './command.ts';
import { toTable, type Columns } from './output.ts';

const columns: Columns = {
  ID: (fault) => fault['id'],
  TARGET: (fault) => fault['target'],
  ON: (fault) => fault['on'],
  KIND: (fault) => fault['kind'],
  MET: (fault) => `${fault['met']} of ${fault['times']}`,
};

export function addFaultCommands(program: Command): void {
  const fault = program.command('fault').description('Let simulated machines misbehave.');
  addCommand(
    fault,
    'add <server-or-node>',
    {
      does: 'Let the next operations on a machine fail, hang, be slow or find its BMC away; or break it now.',
      example:
        'ingot fault add web-1 --on stop --kind unreachable\ningot fault add sim-003 --on now --kind fail',
      options: [
        [
          '--on <operation>',
          'now, create, start, stop, restart, force-restart, reinstall-os, rebuild, delete',
          'now',
        ],
        ['--kind <kind>', 'fail, timeout, unreachable or slow', 'fail'],
        ['--times <number>', 'how many operations meet it', '1'],
      ],
    },
    async ({ client, words, options: { on, kind, times } }) => {
      const target = await findTarget(client, words[0]!);
      const answer = await client.ask('POST', '/admin/v1/faults', { target, on, kind, times: Number(times) });
      return { json: answer, text: toTable([answer], columns) };
    },
  );
  addCommand(fault, 'list', { does: 'List the faults.', example: 'ingot fault list' }, async ({ client }) => {
    const { faults } = await client.ask('GET', '/admin/v1/faults');
    return { json: faults as unknown, text: toTable(faults as Answer[], columns) };
  });
  addCommand(
    fault,
    'remove [id]',
    {
      does: 'Remove a fault, or all of them.',
      example: 'ingot fault remove --all',
      options: [['--all', 'every fault']],
    },
    async ({ client, words, options: { all } }) => {
      if ((words[0] === undefined) === (all === undefined))
        throw new Error('Give the id of a fault, or --all.');
      const answer = await client.ask('DELETE', `/admin/v1/faults${all ? '' : `/${words[0]}`}`);
      return { json: answer, text: all ? `${answer['removed']} removed.` : `${words[0]} is removed.` };
    },
  );
}

/** By name a server goes before a node. */
async function findTarget(client: Client, word: string): Promise<string> {
  const id = (await findIdIfAny(client, 'server', word)) ?? (await findIdIfAny(client, 'node', word));
  if (id === null) throw new Error(`There is neither a server nor a node named ${word}.`);
  return id;
}
