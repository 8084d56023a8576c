/** Small facts of a server: its addresses (N17, N18), its encrypted password (X18), whether it is locked (X11). */
import { notFound } from '../../core/errors.ts';
import type { Port } from '../../core/server.ts';
import { ok, type Answer } from '../api.ts';
import type { Cloud, NovaCall } from './cloud.ts';
import { getServer, revise } from './servers.ts';

const toAddress = ({ ip }: Port) => ({ version: ip.includes(':') ? 6 : 4, addr: ip });

/** By the name of the network, as in the detail of the server. */
export async function listAddresses(cloud: Cloud, call: NovaCall): Promise<Answer> {
  const { ports } = await getServer(cloud, call);
  const byName = Map.groupBy(ports, ({ networkName }) => networkName);
  const addresses = [...byName].map(([name, some]) => [name, some.map(toAddress)]);
  return ok({ addresses: Object.fromEntries(addresses) });
}

/** The name of the network as upstream, or the VPC's id as documented (otc0000002340222804). */
export async function showAddresses(cloud: Cloud, call: NovaCall): Promise<Answer> {
  const label = call.params['label']!;
  const { ports } = await getServer(cloud, call);
  const found = ports.filter(({ networkName, vpcId }) => networkName === label || vpcId === label);
  if (found.length === 0) throw notFound('path', call.path);
  return ok({ [label]: found.map(toAddress) });
}

export async function showPassword(cloud: Cloud, call: NovaCall): Promise<Answer> {
  return ok({ password: (await getServer(cloud, call)).encryptedPassword });
}

export async function clearPassword(cloud: Cloud, call: NovaCall): Promise<Answer> {
  await revise(cloud, call, () => ({ encryptedPassword: '' }));
  return { statusCode: 204 };
}

/** A locked server refuses operations and changes until it is unlocked, on every door. */
export async function setLocked(cloud: Cloud, call: NovaCall, locked: boolean): Promise<Answer> {
  await revise(cloud, call, () => ({ locked }));
  return { statusCode: 202 };
}
