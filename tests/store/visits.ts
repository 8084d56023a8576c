/** Visits of rounds to BMCs: one at a time, whoever makes them. */
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import type { Power } from '../../src/core/lifecycle.ts';
import type { Store } from '../support/store.ts';
import { askNode, leaseMs } from './work-room.ts';

const intervalMs = 60_000;

export function visits(the: () => Store): void {
  const claimPower = async () =>
    (await the().work.claimPowerReads(10, intervalMs, leaseMs)).map(({ node }) => node.id);
  const claimHealth = async () =>
    (await the().work.claimHealthReads(10, intervalMs, leaseMs)).map(({ node }) => node.id);
  const writePower = (nodeId: string, power: Power = 'on') =>
    the().work.writePowerReads([{ nodeId, power, disagreements: 0 }]);
  /** As if it were time to read everything again. */
  const letAllBeDue = () =>
    sql`update nodes set next_power_read_at = now(), next_health_read_at = now()`.execute(the().database.sql);
  /** As if the time of the lease had passed. */
  const letLeasesRunOut = () =>
    sql`update nodes set visited_until = now() where visited_until is not null`.execute(the().database.sql);
  const leaseLeftMs = async (id: string) => {
    const { rows } = await sql<{ left: number | null }>`
      select extract(epoch from visited_until - now())::float * 1000 as left from nodes where id = ${id}`.execute(
      the().database.sql,
    );
    return rows[0]!.left;
  };

  describe('a visit to a BMC', () => {
    it('keeps every other visit away until its result is written', async () => {
      const { id } = await the().makeNode();
      await letAllBeDue();
      expect(await claimPower()).toEqual([id]);
      await letAllBeDue();
      expect([await claimPower(), await claimHealth()], 'it is visited already').toEqual([[], []]);
      await writePower(id);
      expect(await claimHealth()).toEqual([id]);
      expect(await claimPower()).toEqual([]);
      expect(await the().work.writeHealthReads([{ nodeId: id, health: null }])).toEqual(new Set());
      expect(await claimPower()).toEqual([id]);
    });

    it('is made again when whoever made it was not heard of for the length of the lease', async () => {
      const { id } = await the().makeNode();
      await letAllBeDue();
      expect(await claimPower()).toEqual([id]);
      await letAllBeDue();
      await letLeasesRunOut();
      expect(await claimPower()).toEqual([id]);
    });

    it('may last longer than its lease, but a lease is not prolonged behind its end', async () => {
      const { id } = await the().makeNode();
      await letAllBeDue();
      await claimPower();
      await the().work.prolongVisits([id], 10 * leaseMs);
      expect(await leaseLeftMs(id)).toBeGreaterThan(leaseMs);
      await writePower(id);
      await the().work.prolongVisits([id], leaseMs);
      expect(await leaseLeftMs(id)).toBeNull();
    });

    it('ends without a word on the power when an operation began meanwhile', async () => {
      const { id } = await the().makeNode();
      await letAllBeDue();
      await claimPower();
      await askNode(the(), 'on', id);
      await writePower(id, 'on');
      const { rows } = await sql`select power, power_seen_at as at from nodes where id = ${id}`.execute(
        the().database.sql,
      );
      expect(rows).toEqual([{ power: 'off', at: null }]);
      expect(await leaseLeftMs(id)).toBeNull();
    });
  });
}
