import { sql } from 'kysely';
import { knownDays, ownMachine, windowSeconds, type LoginAttempts } from '../core/login-attempts.ts';
import type { Sql } from './database.ts';

/** The row of all strangers. */
const strangers = '';

const inSeconds = (seconds: number) => sql`now() + ${seconds} * interval '1 second'`;
const isCounted = sql`a.counts_until > now()`;
const isKnown = sql`a.known_until > now()`;

export function loginAttempts(db: Sql): LoginAttempts {
  return {
    async isOpen({ subject, origin }, { most, mostOfStrangers }) {
      const { rows } = await sql<{ origin: string; failures: number; isKnown: boolean }>`
        select origin, case when ${isCounted} then failures else 0 end as failures,
          coalesce(${isKnown}, false) as "isKnown"
        from login_attempts a where subject = ${subject} and origin in (${origin}, ${strangers})`.execute(db);
      const own = rows.find((row) => row.origin === origin);
      const strange = rows.find((row) => row.origin === strangers);
      if ((own?.failures ?? 0) >= most) return false;
      if (own?.isKnown || origin === ownMachine || mostOfStrangers === null) return true;
      return (strange?.failures ?? 0) < mostOfStrangers;
    },

    // The same two rows are written, in the same order, whoever it is, so that nobody waits in a circle.
    async count({ subject, origin }, { most, lockSeconds, mostOfStrangers }) {
      const isNoStranger = origin === ownMachine || mostOfStrangers === null;
      const mostOf = sql`case excluded.origin when ${strangers} then ${mostOfStrangers}::int else ${most}::int end`;
      await sql`
        insert into login_attempts as a (subject, origin, failures, counts_until)
        select ${subject}, o.origin, 1, ${inSeconds(windowSeconds)}
        from (values (1, ${origin}), (2, ${strangers})) o (place, origin)
        where o.place = 1 or not ${isNoStranger}::boolean and not exists (
          select 1 from login_attempts a where a.subject = ${subject} and a.origin = ${origin} and ${isKnown})
        order by o.place
        on conflict (subject, origin) do update set
          failures = case when ${isCounted} then a.failures + 1 else 1 end,
          counts_until = case when not ${isCounted} then excluded.counts_until
            when a.failures + 1 < ${mostOf} then a.counts_until
            else ${inSeconds(lockSeconds)} end
        where not (${isCounted} and a.failures >= ${mostOf})`.execute(db);
    },

    async welcome({ subject, origin }) {
      await sql`
        insert into login_attempts as a (subject, origin, known_until)
        values (${subject}, ${origin}, now() + ${knownDays} * interval '1 day')
        on conflict (subject, origin) do update set
          failures = 0, counts_until = now(), known_until = excluded.known_until
        where a.failures > 0 or coalesce(a.known_until < excluded.known_until - interval '1 day', true)`.execute(
        db,
      );
    },

    async purge() {
      const { rows } = await sql`
        delete from login_attempts where (subject, origin) in (
          select subject, origin from login_attempts where greatest(counts_until, known_until) < now()
          limit 5000)
        returning 1`.execute(db);
      return rows.length;
    },
  };
}
