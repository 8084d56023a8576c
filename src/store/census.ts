import { sql } from 'kysely';
import type { Census, Counts } from '../core/records.ts';
import type { Sql } from './database.ts';

/** Counts in one statement; of the sub-jobs only those that have not ended, of which there is an index. */
export function census(db: Sql): Census {
  return {
    async take() {
      const { rows } = await sql<Counts>`
        select
          (select coalesce(jsonb_agg(c), '[]') from (
            select state, count(*) from servers group by state) c) as servers,
          (select coalesce(jsonb_agg(c), '[]') from (
            select standing, power, count(*) from nodes group by standing, power) c) as nodes,
          (select coalesce(jsonb_agg(c), '[]') from (
            select status, count(*) from sub_jobs where ended_at is null group by status) c) as "subJobs"`.execute(
        db,
      );
      return rows[0]!;
    },
  };
}
