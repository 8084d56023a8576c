/** The Redfish driver against OpenStack's emulator, which is not ours: every test has a system of its own on it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createPreinstalled } from '../../src/boot/preinstalled.ts';
import { conformance, type Lacks } from '../../src/drivers/conformance.ts';
import { makeDriver, makeNode, nobody, purpose } from '../redfish/node.ts';
import { pythonWith } from '../support/python-packages.ts';
import { startSushyEmulator, type SushyEmulator, type SushyOptions } from './sushy-emulator.ts';

const found = await pythonWith(['sushy-tools==2.2.0']);
const account = { username: 'admin', password: 'correct horse' };

/** It fetches the image that it is told to insert. */
const images = createServer((_request, response) => response.end('an image'));
beforeAll(() => new Promise<void>((resolve) => images.listen(0, '127.0.0.1', resolve)));
afterAll(() => images.close());
const imageUrl = (file: string) => `http://127.0.0.1:${(images.address() as AddressInfo).port}/${file}`;

const never: Lacks = {
  parts: 'its fake machines have neither processors nor memory',
  'event-log': 'it has none',
  'bmc-reset': 'its managers cannot be restarted',
};
const variants: Record<string, { options: Omit<SushyOptions, 'python'>; lacks: Lacks }> = {
  'Redfish (sushy-tools, open, HTTP)': {
    options: {},
    lacks: { ...never, credentials: 'it is open to all here' },
  },
  'Redfish (sushy-tools, HTTPS and Basic, power that lags)': {
    options: { account, lagSeconds: 1 },
    lacks: never,
  },
};

it('can get sushy-tools from PyPI', (context) => {
  if ('whyNot' in found) context.skip(found.whyNot);
});

const python = 'python' in found ? found.python : null;
for (const [name, { options, lacks }] of python === null ? [] : Object.entries(variants)) {
  let emulator: SushyEmulator;
  beforeAll(async () => (emulator = await startSushyEmulator({ ...options, python: python! })));
  afterAll(() => emulator.close());

  conformance(
    name,
    async () => {
      const system = emulator.nextSystem();
      const driver = makeDriver({ firstLookMs: options.lagSeconds === undefined ? 5 : 100 });
      const truth = () => emulator.truthOf(system);
      return {
        driver,
        installer: createPreinstalled(driver, 100),
        node: makeNode(emulator.address, { ...account, system }),
        machine: {
          power: async () => (await truth()).power,
          powerCommands: async () => (await truth()).powerCommands,
          bootDevice: async () => (await truth()).bootDevice,
          async media() {
            const { media } = await truth();
            return media === null ? null : imageUrl(media);
          },
        },
        images: [imageUrl('first.iso'), imageUrl('second.iso')],
        unreachable: makeNode(nobody),
        wrongCredentials: makeNode(emulator.address, { ...account, password: 'battery staple', system }),
        close: async () => {},
      };
    },
    lacks,
  );

  it(`finds the machine behind ${name} by itself, and reads its MAC`, async () => {
    await using driver = makeDriver();
    const node = makeNode(emulator.address, account);
    await expect(driver.readPower(node, purpose)).resolves.toMatchObject({ power: 'off' });
    expect((await driver.inspect(node, purpose)).nics[0]?.mac).toMatch(/^02:00:5e:00:01:[0-9a-f]{2}$/);
  });
}
