/** Acceptance, claims, fences, leases: the rows that are the queue. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/store/database.ts';
import { createWork } from '../../src/store/work.ts';
import type { Plan } from '../../src/core/work.ts';
import type { Store } from '../support/store.ts';
import { ask, askNode, idOf, leaseMs, rent, stateOf, stopped } from './work-room.ts';

export function queue(the: () => Store): void {
  const claim = (worker: number, most = 10) => the().work.claim(worker, most, leaseMs);
  const write = (...outcomes: Parameters<Store['work']['write']>[0]) => the().work.write(outcomes);
  const subJobs = async () => {
    const { rows } = await sql<{ status: string; error: { kind: string } | null; owner: number | null }>`
      select status, error, owner from sub_jobs order by seq`.execute(the().database.sql);
    return rows;
  };
  const rows = async () => {
    const { rows: found } = await sql`
      select (select count(*) from jobs) as jobs, (select count(*) from sub_jobs) as "subJobs",
        (select count(*) from history) as history`.execute(the().database.sql);
    return found[0];
  };
  /** As if the time of the lease had passed. */
  const letLeasesRunOut = () =>
    sql`update sub_jobs set lease_until = now() - interval '1 second'`.execute(the().database.sql);

  describe('acceptance', () => {
    it('leaves nothing when the decision fails', async () => {
      const ids = await rent(the(), 2);
      const failure = new Error('decided otherwise');
      const accept = the().work.acceptForServers(the().projectId, ids, (servers) => {
        expect([...servers.keys()]).toEqual(ids);
        throw failure;
      });
      await expect(accept).rejects.toBe(failure);
      expect(await rows()).toEqual({ jobs: 0, subJobs: 0, history: 0 });
    });

    it('leaves nothing when its last statement fails', async () => {
      const [id] = await rent(the(), 1);
      const subJob = {
        position: 0,
        serverId: id!,
        nodeId: null,
        input: {},
        deadlineMs: 1,
        error: null,
      };
      const plan: Plan = {
        job: { id: randomUUID(), projectId: the().projectId, operation: 'stop', door: 'bms', orderId: null },
        actor: { userId: the().userId, requestId: 'test' },
        newServers: [],
        moves: [
          {
            serverId: id!,
            from: 'Running',
            to: 'Stopping',
            taskState: 'powering-off',
            deletingFrom: null,
            provisioning: null,
            subJobId: randomUUID(),
          },
        ],
        // Two open sub-jobs of one server.
        subJobs: [
          { id: randomUUID(), ...subJob },
          { id: randomUUID(), ...subJob },
        ],
      };
      await expect(the().work.acceptForServers(the().projectId, [id!], () => plan)).rejects.toMatchObject({
        code: '23505',
      });
      expect(await rows()).toEqual({ jobs: 0, subJobs: 0, history: 0 });
      expect(await stateOf(the(), id!)).toBe('Running');
    });

    it('does not see the servers of another project', async () => {
      const ids = await rent(the(), 1);
      const other = await the().makeProject();
      const accept = the().work.acceptForServers(other, ids, (servers) => {
        throw new Error(`${servers.size} servers`);
      });
      await expect(accept).rejects.toThrow('0 servers');
    });

    it('of a deletion ends what else was under way', async () => {
      const [id] = await rent(the(), 1);
      await ask(the(), 'stop', [id!]);
      await ask(the(), 'delete', [id!]);
      expect(await subJobs()).toMatchObject([
        { status: 'failed', error: { kind: 'superseded' } },
        { status: 'queued', error: null },
      ]);
      expect(await the().servers.find(id!, null)).toMatchObject({
        state: 'Deleting',
        deletingFrom: 'Stopping',
      });
    });

    it('takes two requests on the same servers one after the other', async () => {
      const ids = await rent(the(), 6);
      const requests = [ids, ids.toReversed()].map((some) => ask(the(), 'stop', some));
      const ends = await Promise.allSettled(requests);
      expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(await rows()).toEqual({ jobs: 1, subJobs: 6, history: 6 });
    });
  });

  describe('a claim', () => {
    it('gives each sub-job to one worker only, however many ask', async () => {
      const ids = await rent(the(), 12);
      const { parts } = await ask(the(), 'stop', ids);
      const claims = await Promise.all([1, 2, 3, 4].map((worker) => claim(worker, 5)));
      const later = await claim(5);
      const given = [...claims.flat(), ...later].map(idOf);
      expect(given.toSorted()).toEqual(parts.map(({ subJobId }) => subJobId).toSorted());
    });

    it('passes over what somebody holds locked, and does not wait for it', async () => {
      const ids = await rent(the(), 2);
      const { parts } = await ask(the(), 'stop', ids);
      await the()
        .database.sql.transaction()
        .execute(async (tx) => {
          await sql`select 1 from sub_jobs where id = ${parts[0]!.subJobId} for update`.execute(tx);
          expect((await claim(1)).map(idOf)).toEqual([parts[1]!.subJobId]);
        });
      expect((await claim(1)).map(idOf)).toEqual([parts[0]!.subJobId]);
    });

    it('brings the server, the node and, to deploy, the order', async () => {
      const [id] = await rent(the(), 1);
      await ask(the(), 'rebuild', [id!]);
      const [delivery] = await claim(1);
      expect(delivery).toMatchObject({
        projectId: the().projectId,
        server: { id, state: 'Rebuilding' },
        node: { serverId: id },
        order: { imageId: the().image.id, imageName: the().image.name },
      });
    });

    it('gives work on one node in turn', async () => {
      const node = await the().makeNode();
      await askNode(the(), 'on', node.id);
      await askNode(the(), 'off', node.id);
      const first = await claim(1);
      expect(first).toMatchObject([{ subJob: { operation: 'start' } }]);
      expect(await claim(2)).toEqual([]);
      await write(stopped(first[0]!));
      expect(await claim(2)).toMatchObject([{ subJob: { operation: 'stop' } }]);
    });

    it('gives a deletion only when the worker before has let go of the server', async () => {
      const [id] = await rent(the(), 1);
      await ask(the(), 'stop', [id!]);
      const [stop] = await claim(1);
      await ask(the(), 'delete', [id!]);
      expect(await claim(2)).toEqual([]);
      expect(await write(stopped(stop!))).toEqual(new Set());
      expect(await claim(2)).toMatchObject([{ subJob: { operation: 'delete' } }]);
      expect(await stateOf(the(), id!)).toBe('Deleting');
    });

    it('leaves what is not due yet', async () => {
      const [id] = await rent(the(), 1);
      await ask(the(), 'stop', [id!]);
      const [delivery] = await claim(1);
      const waiting = stopped(delivery!, { status: 'waiting', runInMs: 60_000, server: null });
      expect(await write(waiting)).toEqual(new Set([delivery!.subJob.id]));
      expect(await claim(1)).toEqual([]);
      expect((await the().work.nextDueAt())!.getTime()).toBeGreaterThan(delivery!.subJob.runAt.getTime());
      expect(await the().work.hasten(id!)).toBe(true);
      expect((await claim(1)).map(idOf)).toEqual([delivery!.subJob.id]);
    });

    it('starts the clock of the deadline at the first time only', async () => {
      const [id] = await rent(the(), 1);
      const { parts } = await ask(the(), 'stop', [id!]);
      await sql`update sub_jobs set deadline_at = now() - interval '1 hour' where id = ${parts[0]!.subJobId}`.execute(
        the().database.sql,
      );
      const [first] = await claim(1);
      expect(first!.subJob.deadlineAt.getTime() - first!.subJob.beganAt!.getTime()).toBe(first!.deadlineMs);
      await the().work.release(1);
      const [second] = await claim(1);
      expect(second!.subJob.deadlineAt).toEqual(first!.subJob.deadlineAt);
      expect(second!.subJob.attempt).toBe(2);
    });
  });

  describe('an outcome', () => {
    async function begin() {
      const [id] = await rent(the(), 1);
      await ask(the(), 'stop', [id!]);
      const [delivery] = await claim(1);
      return { id: id!, delivery: delivery! };
    }

    it('moves the server, ends the sub-job and tells the history', async () => {
      const { id, delivery } = await begin();
      expect(await write(stopped(delivery))).toEqual(new Set([delivery.subJob.id]));
      expect(await the().servers.find(id, null)).toMatchObject({ state: 'Stopped', taskState: null });
      expect(await subJobs()).toEqual([{ status: 'succeeded', error: null, owner: null }]);
      const [last] = await the().history.listOfServer(id, 1);
      expect(last).toMatchObject({ fromState: 'Stopping', toState: 'Stopped', evidence: 'it is off' });
    });

    it('of somebody whose lease ran out writes nothing', async () => {
      const { id, delivery } = await begin();
      await letLeasesRunOut();
      expect(await the().work.releaseDead()).toBe(1);
      const [again] = await claim(2);
      expect(again!.fence).toBe(delivery.fence + 1);
      expect(await write(stopped(delivery))).toEqual(new Set());
      expect(await stateOf(the(), id)).toBe('Stopping');
      expect(await write(stopped(again!))).toEqual(new Set([delivery.subJob.id]));
    });

    it('for another state than the server is in writes nothing', async () => {
      const { id, delivery } = await begin();
      const late = stopped(delivery, { expectedState: 'Restarting' });
      expect(await write(late)).toEqual(new Set());
      expect(await stateOf(the(), id)).toBe('Stopping');
      expect(await subJobs()).toMatchObject([{ status: 'running', owner: 1 }]);
    });

    it('twice is written once', async () => {
      const { delivery } = await begin();
      await write(stopped(delivery));
      const before = await rows();
      expect(await write(stopped(delivery))).toEqual(new Set());
      expect(await rows()).toEqual(before);
    });

    it('stands beside others in one statement, each for itself', async () => {
      const ids = await rent(the(), 3);
      await ask(the(), 'stop', ids);
      const deliveries = await claim(1);
      const [first, second, third] = deliveries.map((it) => stopped(it));
      second!.fence += 1;
      const held = await write(first!, second!, third!);
      expect(held).toEqual(new Set([first!.subJobId, third!.subJobId]));
    });

    it('that frees a node gives it back', async () => {
      const { id, delivery } = await begin();
      await write(stopped(delivery, { node: { id: delivery.node!.id, power: 'off', freed: true } }));
      expect(await the().nodes.find(delivery.node!.id)).toMatchObject({ standing: 'ready', serverId: null });
      expect((await the().servers.find(id, null))!.nodeId).toBeNull();
    });
  });

  describe('a lease', () => {
    it('is kept alive by its owner only', async () => {
      const ids = await rent(the(), 2);
      await ask(the(), 'stop', ids);
      const [one, other] = [await claim(1, 1), await claim(2, 1)].flat();
      await letLeasesRunOut();
      await the().work.extendLeases(1, [one!.subJob.id, other!.subJob.id], leaseMs);
      const { rows: left } = await sql<{ id: string }>`
        select id from sub_jobs where lease_until > now()`.execute(the().database.sql);
      expect(left).toEqual([{ id: one!.subJob.id }]);
    });

    it('ends with the process that holds it, and not before', async () => {
      const ids = await rent(the(), 2);
      await ask(the(), 'stop', ids);
      const other = await openDatabase(the().url, { onError: () => undefined });
      const [here, there] = [the().work, createWork(other, the().vault)];
      const [mine, theirs] = [await here.join(), await there.join()];
      const [kept] = await here.claim(mine, 1, leaseMs);
      const [lost] = await there.claim(theirs, 1, leaseMs);
      expect(await here.releaseDead()).toBe(0);

      // As the database sees the end of a process.
      await sql`
        select pg_terminate_backend(pid, 10000) from pg_locks
        where locktype = 'advisory' and objid = ${theirs} and objsubid = 2`.execute(the().database.sql);
      await other.close();
      expect(await here.releaseDead()).toBe(1);
      expect((await here.claim(mine, 10, leaseMs)).map(idOf)).toEqual([lost!.subJob.id]);
      expect(await write(stopped(lost!))).toEqual(new Set());
      expect(await write(stopped(kept!))).toEqual(new Set([kept!.subJob.id]));
      await here.leave();
    });

    it('is given back at once by a process that stops', async () => {
      const ids = await rent(the(), 1);
      await ask(the(), 'stop', ids);
      const [first] = await claim(1);
      await the().work.release(1);
      expect((await claim(2)).map(idOf)).toEqual([first!.subJob.id]);
    });
  });
}
