/** What was learnt of a BMC is told once, to be kept with its node, and taken up by a driver that was started anew. */
import { expect, it } from 'vitest';
import { refuse } from '../../src/bmc-simulator/reply.ts';
import { lawful } from '../../src/bmc-simulator/settings.ts';
import { quirks, type QuirkName } from '../../src/bmc-simulator/quirks.ts';
import {
  startRedfishServer,
  type RedfishServer,
  type RedfishServerOptions,
} from '../../src/bmc-simulator/redfish-server.ts';
import type { BmcHabits, HabitNews, Node } from '../../src/core/node.ts';
import type { Driver } from '../../src/core/ports.ts';
import { failureOf, makeDriver, makeNode, purpose } from './node.ts';

const systems = '/redfish/v1/Systems';
const inventory = {
  manufacturer: 'm',
  model: 'm',
  serialNumber: 's',
  cpuCores: 1,
  cpuModel: 'c',
  memoryMib: 1,
  disks: [],
  nics: [],
  biosVersion: null,
  health: 'OK' as const,
};

/** As the store keeps them. */
function keep(habits: BmcHabits, news: HabitNews): BmcHabits {
  const all = Object.entries({ ...habits, ...news }).filter(([, winner]) => winner !== null);
  return Object.fromEntries(all) as BmcHabits;
}

/** A driver that is new to the BMC, does its work with what is kept, and is closed. */
async function visit(
  server: RedfishServer,
  habits: BmcHabits,
  work: (driver: Driver, node: Node) => Promise<unknown>,
  more: Partial<Node> = {},
) {
  const told: HabitNews[] = [];
  await using driver = makeDriver({ onHabits: (_, news) => told.push(news) });
  await work(driver, { ...makeNode(server.url), bmcHabits: habits, ...more });
  return { told, habits: told.reduce(keep, habits) };
}

/** Whatever it does not simply grant from now on. */
function watchRefusals(server: RedfishServer): string[] {
  const refused: string[] = [];
  const { bmc } = server;
  const answer = bmc.answer.bind(bmc);
  bmc.answer = async (asked) => {
    const reply = await answer(asked);
    if (reply === 'drop' || reply.statusCode >= 300) refused.push(`${asked.method} ${asked.path}`);
    return reply;
  };
  return refused;
}

/** No to what speaks of this. */
function refusing(word: string): NonNullable<RedfishServerOptions['fault']> {
  return ({ method, body, hasBody }) => {
    const isOfIt = method !== 'GET' && hasBody && JSON.stringify(body).includes(word);
    return isOfIt ? refuse(word === 'UserName' ? 405 : 400, 'PropertyValueNotInList', 'Not here') : undefined;
  };
}

type Work = (driver: Driver, node: Node) => Promise<unknown>;
const read: Work = (driver, node) => driver.readPower(node, purpose);
const boot: Work = (driver, node) => driver.setBootDevice(node, 'network', purpose);
const off: Work = (driver, node) => driver.setPower(node, 'off', purpose);
const insert: Work = (driver, node) => driver.insertMedia(node, 'http://10.0.0.1/disc.iso', purpose);
const eject: Work = (driver, node) => driver.ejectMedia(node, purpose);

/** Takes an image in and out, for an empty drive needs no eject. */
const ejected: Work = async (driver, node) => {
  await insert(driver, node);
  await eject(driver, node);
};
const on: Work = (driver, node) => driver.setPower(node, 'on', purpose);

const cases: [Record<string, string>, QuirkName | RedfishServerOptions, Work, Work?][] = [
  [{ if_match: 'bare' }, 'etag-bare', boot],
  [{ if_match: 'none' }, 'etag-refused', boot],
  [{ boot_network: 'system Pxe Continuous full' }, { fault: refusing('Once') }, boot],
  [{ encoding: 'any' }, 'identity-refused', read],
  [{ paths: 'end with a slash' }, 'redirect-slash', read],
  [{ login: 'basic' }, { fault: refusing('UserName') }, read],
  [{ reset_on: 'ForceOn' }, { allowables: 'absent', resetTypes: ['ForceOn', 'ForceOff'] }, on, off],
  [{ media_insert: 'action image' }, 'media-image-only', insert, eject],
  [{ media_insert: 'patch image' }, { mediaBy: 'patch', fault: refusing('Inserted') }, insert, eject],
  [{ media_eject: 'action' }, { fault: refusing('{}') }, ejected, insert],
];

it.each(cases.map((row) => [Object.entries(row[0]).join().replace(',', ': '), ...row] as const))(
  '%s is tried first after a restart',
  async (_, habits, quirk, work, undo) => {
    const settings = typeof quirk === 'string' ? quirks[quirk].settings : quirk;
    await using server = await startRedfishServer({ ...lawful, ...settings });
    const refused = watchRefusals(server);
    const first = await visit(server, {}, work);
    expect(first.told).toEqual([habits]);
    expect(refused, 'there was something to learn').not.toEqual([]);

    if (undo) await visit(server, first.habits, undo);
    refused.length = 0;
    const second = await visit(server, first.habits, work);
    expect(refused).toEqual([]);
    expect(second.told, 'nothing is written twice').toEqual([]);
  },
);

it('nothing is told of a BMC that takes what is tried first', async () => {
  await using server = await startRedfishServer();
  const { told } = await visit(server, {}, async (driver, node) => {
    await on(driver, node);
    for (const device of ['network', 'cd', 'disk'] as const)
      await driver.setBootDevice(node, device, purpose);
    await insert(driver, node);
    await eject(driver, node);
    await driver.inspect(node, purpose);
  });
  expect(told).toEqual([]);
});

it('each boot device has a winner of its own', async () => {
  await using server = await startRedfishServer({ fault: refusing('Once') });
  const devices = ['network', 'disk'] as const;
  const bootEach: Work = async (driver, node) => {
    for (const device of devices) await driver.setBootDevice(node, device, purpose);
  };
  const { habits } = await visit(server, {}, bootEach);
  expect(habits).toEqual({
    boot_network: 'system Pxe Continuous full',
    boot_disk: 'system Hdd Continuous full',
  });
  const refused = watchRefusals(server);
  await visit(server, habits, bootEach);
  expect(refused).toEqual([]);
});

it('is forgotten with other firmware of the BMC, also by a driver that goes on', async () => {
  await using server = await startRedfishServer({ fault: refusing('Once') });
  await using driver = makeDriver();
  const node = makeNode(server.url);
  const withFirmware = (bmcVersion: string): Node => ({ ...node, inventory: { ...inventory, bmcVersion } });
  await boot(driver, withFirmware('1.2.3'));
  const refused = watchRefusals(server);
  await boot(driver, withFirmware('1.2.3'));
  expect(refused).toEqual([]);
  await boot(driver, withFirmware('1.3.0'));
  expect(refused).not.toEqual([]);
});

it('what another process learnt meanwhile is taken up', async () => {
  await using server = await startRedfishServer({ fault: refusing('Once') });
  await using driver = makeDriver();
  await read(driver, makeNode(server.url));
  const { habits } = await visit(server, {}, boot);
  const refused = watchRefusals(server);
  await boot(driver, { ...makeNode(server.url), bmcHabits: habits });
  expect(refused).toEqual([]);
});

it('an override that shows late is not taken for the next rung’s', async () => {
  let patches = 0;
  await using server = await startRedfishServer({
    // The first one is taken at its word, and shows after the second, which does nothing.
    fault({ method, body }, { machine }) {
      if (method !== 'PATCH') return undefined;
      patches += 1;
      late ??= body['Boot'] as Partial<typeof machine.boot>;
      if (patches === 3) Object.assign(machine.boot, late);
      return { statusCode: 204 };
    },
  });
  let late: object | null = null;
  const { told } = await visit(server, {}, boot);
  expect(told).toEqual([]);
});

it('the host among several systems is found without asking the others again', async () => {
  await using server = await startRedfishServer({ ...lawful, ...quirks['several-systems'].settings });
  const { habits } = await visit(server, {}, read);
  expect(habits).toEqual({ system: `${systems}/1` });
  server.requests.length = 0;
  await visit(server, habits, read);
  expect(server.requests.filter((request) => request.includes(systems))).toEqual([`GET ${systems}/1`]);
});

it('a system that was renamed is looked for at once', async () => {
  await using server = await startRedfishServer({ ...lawful, ...quirks['several-systems'].settings });
  const gone = { system: `${systems}/Self` };
  const { habits } = await visit(server, gone, read);
  expect(habits).toEqual({ system: `${systems}/1` });
});

it('a winner that fails is no winner any more: the ladder is climbed anew', async () => {
  await using server = await startRedfishServer({ etags: 'demanded' });
  const { habits, told } = await visit(server, { if_match: 'none' }, boot);
  expect(told).toEqual([{ if_match: null }]);
  expect(habits).toEqual({});
});

it('a BMC that has sessions by now, and no Basic, is logged in to', async () => {
  await using server = await startRedfishServer({
    fault: ({ headers }) => (headers.authorization ? { statusCode: 401 } : undefined),
  });
  const { habits } = await visit(server, { login: 'basic' }, async (driver, node) => {
    expect(await failureOf(driver.readPower(node, purpose))).toMatchObject({ kind: 'denied' });
    await driver.readPower(node, purpose);
  });
  expect(habits).toEqual({});
});

it('a BMC that ignored boot overrides before is not asked for patience again', async () => {
  await using server = await startRedfishServer({ bootOnce: 'ignored' });
  const first = await visit(server, {}, async (driver, node) => {
    for (const kind of ['busy', 'busy', 'unsupported']) {
      expect(await failureOf(boot(driver, node))).toMatchObject({ kind });
    }
  });
  expect(first.told).toEqual([{ boot_overrides: 'ignored' }]);
  await visit(server, first.habits, async (driver, node) => {
    expect(await failureOf(boot(driver, node))).toMatchObject({ kind: 'unsupported' });
  });
});
