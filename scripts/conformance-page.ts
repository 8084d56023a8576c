/** docs/conformance.md: which calls are documented, and how differences between documents were settled. */
import { chapters } from '../tests/conformance/report.ts';
import { awaited, settled } from '../tests/conformance/settled.ts';
import type { Endpoint, Fields } from '../tests/conformance/endpoint.ts';

export function conformancePage(table: (columns: string[], rows: string[][]) => string): string {
  const parts = Object.entries(chapters).map(
    ([title, endpoints]) => `## ${title}\n\n${table(columns, endpoints.map(toRow))}\n`,
  );
  const differences = settled.map(({ topic, sources, settled: choice, met = [] }) => [
    topic,
    sources,
    choice,
    met.map((one) => `\`${one}\``).join(', '),
  ]);
  return `# Conformance

Generated from \`tests/conformance\` by \`npm run docs\`; do not edit.

The tables say what the published documents of both clouds say of each call: its code, its fields with their JSON
types, its refusals. \`npm run conformance\` asks a new Ingot all of it (\`--json\` for programs), and so does a test: every
field must have its type and every refusal must be reached, or stand among the settled differences below.

## Differences, and how they were settled

${table(['topic', 'sources', 'settled', 'not as in the tables'], differences)}

${awaited.length > 0 ? `Not offered yet: ${awaited.join(', ')}.\n\n` : ''}${parts.join('\n')}`;
}

const columns = ['id', 'call', 'documented', 'fields', 'refusals'];

function toRow({ id, method, path, ok, answer, refusals }: Endpoint): string[] {
  const codes = new Set(
    refusals.map(({ status, code }) => (code && /\./.test(code) ? code : String(status))),
  );
  return [id, `\`${method} ${path}\``, ok.join(', '), String(count(answer)), [...codes].join(', ')];
}

function count(fields: Fields | undefined): number {
  if (fields === undefined) return 0;
  if (typeof fields === 'string') return 1;
  const parts: Fields[] = Object.values(fields);
  return parts.reduce((sum, one) => sum + count(one), 0);
}
