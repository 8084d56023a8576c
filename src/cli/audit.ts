/** `ingot audit` */
import type { Command } from 'commander';
import { withQuery, type Answer } from './client.ts';
import { addCommand } from './command.ts';
import { toTable, type Columns } from './output.ts';

const columns: Columns = {
  AT: (row) => row['at'],
  USER: (row) => (row['user'] as Answer)['name'] ?? row['access_key'],
  FROM: (row) => row['source_ip'],
  WHAT: (row) => row['name'],
  SERVICE: (row) => row['service'],
  RESULT: (row) => [row['status_code'], row['error_code']].filter((it) => it !== null).join(' '),
  RESOURCES: (row) => toFew(row['resource_ids'] as string[]),
  REQUEST: (row) => row['request_id'],
};

/** A batch names up to a thousand. */
function toFew(ids: string[]): string {
  return ids.length <= 1 ? (ids[0] ?? '') : `${ids[0]} and ${ids.length - 1} more`;
}

export function addAuditCommand(program: Command): void {
  addCommand(
    program,
    'audit',
    {
      does: 'Say who asked for which changes and what came of it, newest first.',
      example:
        'ingot audit --user admin --name stopBareMetalServers\ningot audit --rating warning --since 2026-01-31',
      options: [
        ['--user <name>', 'only this user'],
        ['--account <id>', 'only this account'],
        ['--project <id>', 'only this project'],
        ['--name <name>', 'only calls of this name'],
        ['--resource <id>', 'only what concerned this server, user, …'],
        ['--request <id>', 'only this request'],
        ['--rating <rating>', 'normal, warning (refused) or incident (failed)'],
        ['--since <time>', 'from this time on'],
        ['--until <time>', 'up to this time'],
        ['--limit <number>', 'how many at the most', '50'],
      ],
    },
    async ({ client, options }) => {
      const { audit } = await client.ask('GET', withQuery('/admin/v1/audit', options));
      return { json: audit as unknown, text: toTable(audit as Answer[], columns) };
    },
  );
}
