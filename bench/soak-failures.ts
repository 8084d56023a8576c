/** Why sub-jobs of a soak did not succeed, and whether a fault that was injected explains it. */
import type pg from 'pg';

/** What was done to a BMC or its machine, from when until when (epoch milliseconds; null: until the end). */
export interface Injected {
  index: number;
  what: 'is silent' | 'is switched by hand';
  from: number;
  to: number | null;
}

export interface Failure {
  operation: string;
  kind: string;
  /** With numbers, names and ids left out, so that equal reasons look equal. */
  reason: string;
  /** Refused when it was asked for, so nothing was tried. */
  isRefused: boolean;
  /** The fault that its BMC suffered meanwhile; null: none, so that the failure is ours or a habit of the BMC. */
  because: Injected['what'] | null;
  /** One of them, word by word. */
  example: string;
}

/** What a fault does may be seen for so long after its end, in milliseconds: breakers are open and pauses run. */
const aftermathMs = 20_000;

interface Row {
  operation: string;
  error: { kind: string; message: string } | null;
  evidence: string | null;
  remedies: string[];
  node: string | null;
  accepted: number;
  ended: number;
}

/** @param injected by the number in the names of nodes (`bmc-00012`) */
export async function readFailures(sql: pg.Pool, injected: Injected[]): Promise<Failure[]> {
  const { rows } = await sql.query<Row>(
    `select j.operation, j.error, j.evidence, j.remedies, n.name as node,
       extract(epoch from j.created_at)::float * 1000 as accepted,
       extract(epoch from j.ended_at)::float * 1000 as ended
     from sub_jobs j left join nodes n on n.id = j.node_id where j.status = 'failed' order by j.seq`,
  );
  return rows.map((row) => {
    const message = row.error?.message ?? 'no reason';
    return {
      operation: row.operation,
      kind: row.error?.kind ?? 'none',
      reason: toReason(message),
      isRefused: row.error?.kind === 'state-refuses',
      because: explain(row, injected),
      example: `${row.node}: ${message} (${row.evidence}; remedies: ${row.remedies.join(', ') || 'none'})`,
    };
  });
}

function explain({ node, accepted, ended }: Row, injected: Injected[]): Injected['what'] | null {
  const index = Number(node?.split('-').at(-1));
  const met = injected.filter(
    (it) => it.index === index && it.from <= ended && (it.to ?? Infinity) + aftermathMs >= accepted,
  );
  return (met.find(({ what }) => what === 'is silent') ?? met[0])?.what ?? null;
}

function toReason(message: string): string {
  return message
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID')
    .replaceAll(/\/redfish\/\S+/g, 'PATH')
    .replaceAll(/\d+/g, 'N')
    .slice(0, 160);
}

const noFault = 'NO FAULT WAS INJECTED';

/** Lines of a report, most frequent first. */
export function countFailures(failures: Failure[]): string[] {
  const counts = new Map<string, { count: number; example: string }>();
  for (const { operation, kind, reason, isRefused, because, example } of failures) {
    const when = because ? `its BMC ${because}` : noFault;
    const key = isRefused
      ? `${operation}, refused when asked for: its server was in no state for it`
      : `${operation}, ${kind}, ${when}: ${reason}`;
    const known = counts.get(key);
    if (known) known.count += 1;
    else counts.set(key, { count: 1, example });
  }
  return [...counts]
    .toSorted(([, a], [, b]) => b.count - a.count)
    .flatMap(([key, { count, example }]) => [
      `${String(count).padStart(6)}  ${key}`,
      ...(key.includes('refused when') ? [] : [`        such as ${example}`]),
    ]);
}
