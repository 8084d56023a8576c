import { sql } from 'kysely';
import type { Discovered, Discoveries, DiscoveredFacts } from '../core/discovery.ts';
import type { Sql } from './database.ts';

/** Somebody may make up addresses: more are not taken in. */
const mostDiscovered = 1_000;
/** A machine is not sent through the ramdisk more often, in minutes. */
const oftenestMinutes = 60;
/** Who has told nothing by then makes room for others, in minutes. */
const silentMinutes = 24 * 60;

const facts = sql`jsonb_build_object('macs', macs, 'firmware', firmware, 'systemUuid', system_uuid,
  'bmcAddress', bmc_address, 'inventory', inventory)`;
const isUnknown = sql`not exists (select 1 from nodes n where (n.macs || macs_in(n.inventory)) @> array[d.mac])`;

export function discoveries(db: Sql): Discoveries {
  return {
    async offer(mac, secretHash) {
      await sql`
        delete from discovered_machines
        where inventory is null and last_seen_at < now() - ${silentMinutes} * interval '1 minute'`.execute(
        db,
      );
      const { rows } = await sql<{ isOffered: boolean }>`
        insert into discovered_machines as d (mac, secret_hash)
        select ${mac}, ${secretHash}
        where (select count(*) from discovered_machines) < ${mostDiscovered}
          or exists (select 1 from discovered_machines where mac = ${mac})
        on conflict (mac) do update set last_seen_at = now(),
          secret_hash = case when d.offered_at < now() - ${oftenestMinutes} * interval '1 minute'
            then excluded.secret_hash else d.secret_hash end,
          offered_at = case when d.offered_at < now() - ${oftenestMinutes} * interval '1 minute'
            then now() else d.offered_at end
        returning secret_hash = ${secretHash} as "isOffered"`.execute(db);
      return rows[0]?.isOffered ?? false;
    },

    async report(secretHash, { macs, firmware, systemUuid, bmcAddress, inventory }) {
      // A machine that booted from another of its cards is still one machine.
      const { rows } = await sql`
        with told as (
          update discovered_machines set last_seen_at = now(), macs = ${macs}, firmware = ${firmware},
            system_uuid = ${systemUuid}, bmc_address = ${bmcAddress}, inventory = ${JSON.stringify(inventory)}::jsonb
          where secret_hash = ${secretHash} returning mac
        ), twins as (
          delete from discovered_machines d using told
          where d.mac <> told.mac and d.mac = any(${macs}) and d.system_uuid = ${systemUuid} and ${systemUuid} <> ''
        )
        select mac from told`.execute(db);
      return rows.length > 0;
    },

    async list() {
      const { rows } = await sql<Discovered>`
        select mac, first_seen_at as "firstSeenAt", last_seen_at as "lastSeenAt",
          case when inventory is not null then ${facts} end as told
        from discovered_machines d where ${isUnknown} order by mac`.execute(db);
      return rows;
    },

    async findFacts({ bmcHost, spellings }) {
      const of = (rows: { told: DiscoveredFacts }[]) => (rows.length === 1 ? rows[0]!.told : null);
      const byBmc = await sql<{ told: DiscoveredFacts }>`
        select ${facts} as told from discovered_machines d
        where bmc_address = ${bmcHost} and bmc_address <> '' and inventory is not null and ${isUnknown}
        limit 2`.execute(db);
      if (byBmc.rows.length > 0 || spellings.length === 0) return of(byBmc.rows);
      const byUuid = await sql<{ told: DiscoveredFacts }>`
        select ${facts} as told from discovered_machines d
        where system_uuid = any(${spellings}) and inventory is not null and ${isUnknown} limit 2`.execute(db);
      return of(byUuid.rows);
    },
  };
}
