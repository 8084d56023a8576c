/**
 * Redfish has no serial console of its own; it says how else one is to be had (DSP2046: ComputerSystem.SerialConsole from
 * v1.13 on, Manager.SerialConsole before, and ManagerNetworkProtocol for the port). IPMI is what this driver can use,
 * with the account that it has.
 */
import { DriverError, type SerialConsole } from '../../core/ports.ts';
import type { Node } from '../../core/node.ts';
import type { Client } from './bmc.ts';
import { readManagers } from './controllers.ts';
import { toLink, toNumber, toRecord, toTexts, type Json } from './fields.ts';
import { readSystem } from './system.ts';

/** Opens the console of the machine behind `host:port` over IPMI, as the account of the node. */
export type OpenIpmiConsole = (node: Node, address: string) => Promise<SerialConsole>;

const ipmiPort = 623;

/** @returns the address of the same BMC for IPMI. @throws DriverError `unsupported` where it offers none, and why */
export async function findIpmiAddress(client: Client, node: Node): Promise<string> {
  const { body: system } = await readSystem(client, node.bmc.system);
  const host = new URL(node.bmc.address).hostname;
  const ofSystem = toRecord(toRecord(system['SerialConsole'])['IPMI']);
  if (ofSystem['ServiceEnabled'] === true) return `${host}:${toNumber(ofSystem['Port']) ?? ipmiPort}`;
  for (const manager of await readManagers(client, system)) {
    const console = toRecord(manager['SerialConsole']);
    if (console['ServiceEnabled'] === false) continue;
    const types = toTexts(console['ConnectTypesSupported']);
    if (types !== null && !types.includes('IPMI')) continue;
    const protocol = toRecord((await readProtocols(client, manager))['IPMI']);
    const isOn = protocol['ProtocolEnabled'] === true;
    if (isOn || (types !== null && protocol['ProtocolEnabled'] !== false)) {
      return `${host}:${toNumber(protocol['Port']) ?? ipmiPort}`;
    }
  }
  const words =
    'The BMC offers no serial console over IPMI, or IPMI is switched off there; Redfish itself has none';
  throw new DriverError('unsupported', words);
}

async function readProtocols(client: Client, manager: Json): Promise<Json> {
  return (await client.find(toLink(manager['NetworkProtocol']))) ?? {};
}
