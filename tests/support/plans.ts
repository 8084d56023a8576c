/** How PostgreSQL carries out the statements of a list: their plans, as they were run. */
import type { KyselyPlugin, RawNode, RootOperationNode } from 'kysely';
import type { Sql } from '../../src/store/database.ts';

export interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  Plans?: Plan[];
}

/**
 * Runs a list and tells the plan of the statement that cuts its page: the one with an order. Other statements, such as
 * the look for the marker, are answered as always.
 */
export async function planOf(db: Sql, list: (explained: Sql) => Promise<unknown>): Promise<Plan> {
  let plan: Plan | undefined;
  const isPage = (node: RootOperationNode): node is RawNode =>
    node.kind === 'RawNode' && node.sqlFragments.some((part) => part.includes('order by'));
  const explain: KyselyPlugin = {
    transformQuery({ node }) {
      if (!isPage(node)) return node;
      const [first, ...rest] = node.sqlFragments;
      return { ...node, sqlFragments: [`explain (analyze, timing off, format json) ${first}`, ...rest] };
    },
    async transformResult({ result }) {
      const [row] = result.rows;
      if (!row || !('QUERY PLAN' in row)) return result;
      plan = (row['QUERY PLAN'] as [{ Plan: Plan }])[0].Plan;
      return { ...result, rows: [] };
    },
  };
  await list(db.withPlugin(explain));
  return plan!;
}

export function nodesOf(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}

/** How many rows of a table were looked at, kept or not. */
export function rowsRead(plan: Plan, table: string): number {
  return nodesOf(plan)
    .filter((node) => node['Relation Name'] === table)
    .reduce((sum, node) => sum + node['Actual Loops'] * (node['Actual Rows'] + removed(node)), 0);
}

function removed(node: Plan): number {
  return (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0);
}

/** One line for a failed test. */
export function tell(plan: Plan): string {
  return nodesOf(plan)
    .map((node) => `${node['Node Type']} ${node['Index Name'] ?? node['Relation Name'] ?? ''}`.trim())
    .join(' < ');
}
