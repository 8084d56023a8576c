/** ModifyInstanceIp (C09): the instance keeps its state, its NICs get other addresses. */
import type { Static } from 'typebox';
import { conflict } from '../../core/errors.ts';
import { statesShowingInstance, toInstanceState } from '../../core/lifecycle.ts';
import type { RequestedNic, Server } from '../../core/server.ts';
import { chooseNics } from '../../engine/create.ts';
import { actorOf, projectOf, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { getInstance } from './instances.ts';
import { checkAddress } from './rules.ts';
import type { AddressBody } from './wire.ts';

/** "Instance ready" of the page, and the machine powered off. */
const addressStates = ['running', 'stopped'] as const;

/** Old addresses go and new ones come in one transaction, so that `modify-ip` has succeeded when it is accepted. */
export async function changeAddresses(cloud: Cloud, call: Call): Promise<Answer> {
  const body = call.body as Static<typeof AddressBody>;
  const server = await getInstance(cloud, call);
  const states = addressStates.flatMap(statesShowingInstance).map(({ state }) => state);
  if (!states.includes(server.state)) {
    throw addressRefused(`The instance ${server.id} is ${toInstanceState(server)}`);
  }
  const wanted = body.vpc_id || server.vpcId;
  const { nics, vpcId } = await chooseNics(cloud.catalog, {
    projectId: projectOf(call),
    nics: body.nics.map((nic) => toNic(server, nic)),
    ...(wanted ? { vpcId: wanted } : {}),
    count: 1,
  });
  const isDone = await cloud.servers.changeAddresses(server.id, projectOf(call), {
    nics,
    vpcId,
    states,
    actor: actorOf(call),
  });
  if (!isDone) throw addressRefused(`An operation is under way on the instance ${server.id}`);
  return { statusCode: 202 };
}

/** An empty address is an automatic one. An address that the instance has already stays where it is. */
function toNic({ ports }: Server, { subnet_id, ip_address }: Static<typeof AddressBody>['nics'][number]) {
  if (ip_address) checkAddress(ip_address);
  const kept = ports.find(({ networkId, ip }) => networkId === subnet_id && ip === ip_address);
  const nic: RequestedNic = {
    networkId: subnet_id,
    ip: kept ? null : ip_address || null,
    portId: kept?.id ?? null,
  };
  return nic;
}

function addressRefused(reason: string) {
  return conflict(`${reason}; a change of address needs ${addressStates.join(' or ')}.`, 'instance');
}
