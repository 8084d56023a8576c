/** A BMC gets another password, and whatever breaks in between, one of the two is known to be right. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Node } from '../../src/core/node.ts';
import { DriverError, type Driver } from '../../src/core/ports.ts';
import { passwordRounds } from '../../src/engine/password-change.ts';
import { passwordChanges as open } from '../../src/store/password-changes.ts';
import { scriptedDriver } from './scripted-driver.ts';
import { openStore, type Store } from '../support/store.ts';

let store: Store;
let bmc: { password: string; wrongLogins: number; isAway: boolean; dies: 'before' | 'behind' | null };
let node: Node;

beforeEach(async () => {
  store = await openStore();
  bmc = { password: 'calvin', wrongLogins: 0, isAway: false, dies: null };
  node = await store.makeNode({
    driver: 'redfish',
    bmc: {
      address: 'http://bmc',
      username: 'root',
      password: 'calvin',
      system: null,
      certificateSha256: null,
    },
  });
});
afterEach(() => store.close());

const changes = () => open(store.database.sql, store.vault);
const known = async () => (await store.nodes.find(node.id))!.bmc.password;

/** A BMC that asks for the password; the process dies with `dies`. */
function driver(): Driver {
  const logIn = ({ bmc: { password } }: Node) => {
    if (bmc.isAway) throw new DriverError('unreachable', 'The BMC is away');
    if (password === bmc.password) return;
    bmc.wrongLogins += 1;
    throw new DriverError('denied', 'The BMC refused the login');
  };
  return {
    ...scriptedDriver().driver,
    async readPower(asked) {
      logIn(asked);
      return { power: 'off', evidence: 'Off' };
    },
    async setPassword(asked, password) {
      logIn(asked);
      if (bmc.dies === 'before') throw new Error('killed');
      bmc.password = password;
      if (bmc.dies === 'behind') throw new Error('killed');
      return { evidence: 'Taken', lookInMs: 0 };
    },
  };
}

async function pass(): Promise<string[]> {
  const logged: string[] = [];
  const room = {
    passwordChanges: changes(),
    drivers: { redfish: driver() },
    log: (error: unknown) => logged.push((error as Error).message),
  };
  const rounds = passwordRounds(room, { places: 4, most: 4 });
  await rounds.run();
  await rounds.settled();
  return logged;
}

const makeDue = () => store.database.pool.query('update nodes set password_due_at = now()');

describe('a change of password', () => {
  it('takes the place of the old one when the BMC was seen to accept it', async () => {
    expect(await changes().begin(node.id, 'hobbes')).toBe(true);
    expect(await known(), 'nothing is believed yet').toBe('calvin');
    expect(await pass()).toEqual([]);
    expect([await known(), bmc.password, bmc.wrongLogins]).toEqual(['hobbes', 'hobbes', 0]);
    expect(await changes().find(node.id)).toBeNull();
  });

  for (const dies of ['before', 'behind'] as const) {
    it(`is found out after a crash ${dies} the BMC was told`, async () => {
      await changes().begin(node.id, 'hobbes');
      bmc.dies = dies;
      expect(await pass()).toEqual(['killed']);
      expect(await known()).toBe('calvin');
      bmc.dies = null;
      await makeDue();
      expect(await pass()).toEqual([]);
      expect([await known(), bmc.password]).toEqual(['hobbes', 'hobbes']);
      expect(bmc.wrongLogins).toBeLessThanOrEqual(1);
    });
  }

  it('waits for a BMC that is away, and says so', async () => {
    await changes().begin(node.id, 'hobbes');
    bmc.isAway = true;
    await pass();
    expect(await changes().find(node.id)).toEqual({ dueAt: expect.any(Date), note: 'The BMC is away' });
    bmc.isAway = false;
    await makeDue();
    await pass();
    expect(await known()).toBe('hobbes');
  });

  it('stops when neither password holds, before the account is locked', async () => {
    await changes().begin(node.id, 'hobbes');
    bmc.password = 'somebody else set it';
    await pass();
    await pass();
    expect(bmc.wrongLogins).toBe(2);
    expect(await changes().find(node.id)).toMatchObject({ dueAt: null });
    expect(await changes().begin(node.id, 'susie'), 'an operator may begin again').toBe(true);
  });

  it('is one at a time, and can be given up', async () => {
    await changes().begin(node.id, 'hobbes');
    expect(await changes().begin(node.id, 'susie')).toBe(false);
    expect(await changes().abandon(node.id)).toBe(true);
    await pass();
    expect([await known(), bmc.password]).toEqual(['calvin', 'calvin']);
  });
});
