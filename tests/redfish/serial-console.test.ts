/** The serial console of a machine behind Redfish: its BMC says whether IPMI carries one, and where. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { startRedfishServer, type Json } from '../../src/bmc-simulator/redfish-server.ts';
import { ipmiAccount, startIpmiSim, whyNoIpmi } from '../ipmi/ipmi-sim.ts';
import { makeIpmiDriver } from '../ipmi/node.ts';
import { startSerialLine } from '../ipmi/serial-line.ts';
import { failureOf, makeDriver, makeNode } from './node.ts';

const managerPath = '/redfish/v1/Managers/BMC';
const protocolPath = `${managerPath}/NetworkProtocol`;
const withProtocols = { NetworkProtocol: { '@odata.id': protocolPath } };
const serial = { ServiceEnabled: true, ConnectTypesSupported: ['SSH', 'IPMI'] };

/** A BMC that says this of itself. */
function serve(manager: Json, protocols: Json = {}) {
  return startRedfishServer({
    username: ipmiAccount.username,
    password: ipmiAccount.password,
    overlay: {
      [managerPath]: { '@odata.id': managerPath, ...manager },
      [protocolPath]: { '@odata.id': protocolPath, ...protocols },
    },
  });
}

/** The address that the driver would open. */
async function addressFor(manager: Json, protocols?: Json): Promise<string> {
  await using server = await serve(manager, protocols);
  const opened: string[] = [];
  await using driver = makeDriver({
    async openIpmiConsole(_node, address) {
      opened.push(address);
      throw new Error('enough');
    },
  });
  const error: unknown = await driver
    .openConsole(makeNode(server.url, ipmiAccount))
    .catch((reason: unknown) => reason);
  return opened[0] ?? (error as Error).message;
}

describe('the console behind a Redfish BMC', () => {
  it('is looked for where the BMC says that IPMI is', async () => {
    const on = (more: Json = {}) => ({ IPMI: { ProtocolEnabled: true, ...more } });
    expect(await addressFor({ SerialConsole: serial, ...withProtocols }, on({ Port: 6230 }))).toBe(
      '127.0.0.1:6230',
    );
    expect(await addressFor({ SerialConsole: serial })).toBe('127.0.0.1:623');
    expect(await addressFor(withProtocols, on())).toBe('127.0.0.1:623');
  });

  it('is not there where IPMI is switched off or carries none, and the refusal says so', async () => {
    const none = /offers no serial console over IPMI/;
    expect(await addressFor({})).toMatch(none);
    expect(
      await addressFor({ SerialConsole: serial, ...withProtocols }, { IPMI: { ProtocolEnabled: false } }),
    ).toMatch(none);
    expect(await addressFor({ SerialConsole: { ...serial, ConnectTypesSupported: ['SSH'] } })).toMatch(none);
    expect(await addressFor({ SerialConsole: { ...serial, ServiceEnabled: false } })).toMatch(none);
  });

  it('is opened over IPMI with the same account', async (context) => {
    const missing = whyNoIpmi();
    if (missing !== null) return context.skip(missing);
    await using line = await startSerialLine();
    await using machine = await startIpmiSim({ power: 'on', consolePort: line.port });
    const port = Number(machine.address.split(':')[1]);
    await using server = await serve(
      { SerialConsole: serial, ...withProtocols },
      { IPMI: { ProtocolEnabled: true, Port: port } },
    );
    await using ipmi = makeIpmiDriver();
    await using driver = makeDriver({
      openIpmiConsole: (node, address) => ipmi.openConsole({ ...node, bmc: { ...node.bmc, address } }),
    });
    const console = await driver.openConsole(makeNode(server.url, ipmiAccount));
    let heard = '';
    console.onData((bytes) => void (heard += Buffer.from(bytes).toString()));
    line.say('login: ');
    while (!heard.includes('login: ')) await sleep(5);
    console.close();
  });

  it('is refused when the program has nothing that speaks IPMI', async () => {
    await using server = await serve({ SerialConsole: serial });
    await using driver = makeDriver();
    const error = await failureOf(driver.openConsole(makeNode(server.url, ipmiAccount)));
    expect(error).toMatchObject({ kind: 'unsupported' });
  });
});
