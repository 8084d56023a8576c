/** `ingot status` */
import type { Command } from 'commander';
import type { Answer } from './client.ts';
import { addCommand } from './command.ts';
import { toFields } from './output.ts';

export function addStatusCommand(program: Command): void {
  addCommand(
    program,
    'status',
    {
      does: 'Say whether Ingot is ready, and how much of everything there is.',
      example: 'ingot status --json',
    },
    async ({ client }) => {
      const { status } = await client.ask('GET', '/readyz');
      const counts = await client.ask('GET', '/admin/v1/status');
      const json = { endpoint: client.origin, status: status as unknown, ...counts };
      const text = toFields({
        endpoint: client.origin,
        status,
        servers: toSums(counts['servers'] as Answer[], 'state'),
        nodes: toSums(counts['nodes'] as Answer[], 'standing'),
        under_way: toSums(counts['sub_jobs'] as Answer[], 'status'),
      });
      return { json, text };
    },
  );
}

/** `3 Running, 1 Stopped` */
function toSums(counts: Answer[], by: string): string[] {
  const sums = new Map<string, number>();
  for (const row of counts) {
    const word = String(row[by]);
    sums.set(word, (sums.get(word) ?? 0) + Number(row['count']));
  }
  return [...sums].map(([word, count]) => `${count} ${word}`);
}
