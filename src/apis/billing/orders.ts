/** Orders, what came of them, and giving it back; as far as the Terraform provider of Huawei Cloud asks. */
import type { Static } from 'typebox';
import { invalid, notFound } from '../../core/errors.ts';
import type { JobStatus } from '../../core/job.ts';
import type { Orders, Owner, Resource } from '../../core/order.ts';
import type { Volumes } from '../../core/volume.ts';
import type { Submit } from '../../engine/submit.ts';
import { actorOf, callerOf, isId, ok, toHex, type Answer, type Call } from '../api.ts';
import type { ResourcesBody, UnsubscribeBody } from './wire.ts';

export interface Cloud {
  orders: Orders;
  submit: Submit;
  volumes: Pick<Volumes, 'remove'>;
  region: string;
}

/** These paths name no project: the token does, or the account whose projects are meant. */
function ownerOf(call: Call): Owner {
  const { project, account, user } = callerOf(call);
  if (project) return { projectId: project.id, accountId: null };
  return { projectId: null, accountId: account?.id ?? user.accountId };
}

/** 3 is processing, 5 completed, 4 cancelled: what failed is charged to nobody. */
const statuses: Record<JobStatus, number> = { INIT: 3, RUNNING: 3, SUCCESS: 5, FAIL: 4 };

const toSeconds = (at: Date | null) => at && `${at.toISOString().slice(0, 19)}Z`;

export async function showOrder({ orders }: Cloud, call: Call): Promise<Answer> {
  const id = call.params['order_id']!;
  const order = await orders.find(id, ownerOf(call));
  if (!order) throw notFound('order', id);
  return ok({
    total_count: 1,
    order_info: {
      order_id: order.id,
      customer_id: callerOf(call).user.accountId,
      service_type_code: bareMetal.service_type_code,
      order_type: order.operation === 'create' ? 1 : 4, // a purchase, an unsubscription
      status: statuses[order.status],
      create_time: toSeconds(order.createdAt),
      payment_time: toSeconds(order.endedAt),
      amount_after_discount: 0,
      official_amount: 0,
      user_name: order.userId,
    },
    order_line_items: [],
  });
}

const bareMetal = {
  service_type_code: 'hws.service.type.bms',
  service_type_name: 'Bare Metal Server',
  abbreviation: 'BMS',
};
const volumes = {
  service_type_code: 'hws.service.type.ebs',
  service_type_name: 'Elastic Volume Service',
  abbreviation: 'EVS',
};

const kinds: Record<Resource['kind'], { service_type_code: string; resource_type_code: string }> = {
  server: { ...bareMetal, resource_type_code: 'hws.resource.type.pm' },
  volume: { ...volumes, resource_type_code: 'hws.resource.type.volume' },
};

/** With `only_main_resource` the servers without their volumes. */
export async function listResources({ orders, region }: Cloud, call: Call): Promise<Answer> {
  const wish = call.body as Static<typeof ResourcesBody>;
  const ids = wish.resource_ids ?? [];
  if (!wish.order_id && ids.length === 0) throw invalid('order_id or resource_ids must be given.');
  const found = wish.order_id
    ? await orders.listResources(wish.order_id, ownerOf(call))
    : await orders.findResources(ids.filter(isId), ownerOf(call));
  const asked = found.filter(({ kind }) => wish.only_main_resource !== 1 || kind === 'server');
  const { offset = 0, limit = 10 } = wish;
  return ok({
    total_count: asked.length,
    data: asked.slice(offset, offset + limit).map((resource) => ({
      id: resource.id,
      resource_id: resource.id,
      resource_name: resource.name,
      region_code: region,
      project_id: resource.projectId,
      ...toCodes(resource),
      is_main_resource: resource.kind === 'server' ? 1 : 0,
      status: 2, // in use
    })),
  });
}

function toCodes({ kind }: Resource) {
  const { service_type_code, resource_type_code } = kinds[kind];
  return { service_type_code, resource_type_code };
}

/**
 * Deletes servers by the engine, and volumes: those of the servers together with them, free ones at once. All that is
 * named must exist, and of the volumes of a server either all or none are named.
 */
export async function unsubscribe(cloud: Cloud, call: Call): Promise<Answer> {
  const { resource_ids: ids } = call.body as Static<typeof UnsubscribeBody>;
  const found = await cloud.orders.findResources(ids.filter(isId), ownerOf(call));
  const missing = ids.find((id) => !found.some((resource) => resource.id === id.toLowerCase()));
  if (missing !== undefined) throw notFound('resource', missing);

  const servers = found.filter(({ kind }) => kind === 'server');
  const disks = found.filter(({ kind }) => kind === 'volume');
  const isFree = ({ serverIds }: Resource) => serverIds.length === 0;
  const isTheirs = ({ serverIds }: Resource) => serverIds.every((id) => servers.some((it) => it.id === id));
  const held = disks.find((disk) => !isTheirs(disk));
  if (held) throw invalid(`The volume ${held.id} is in use by a server that stays.`, 'resource_ids');

  const orderIds: string[] = [];
  for (const [projectId, some] of Map.groupBy(servers, (server) => server.projectId)) {
    // An order is of one project.
    const orderId = `CS${toHex(call.requestId).slice(0, 13).toUpperCase()}D${orderIds.length}`;
    const actor = actorOf(call);
    const input = { deleteVolumes: disks.some((disk) => !isFree(disk)) };
    const request = { door: 'bms' as const, projectId, actor, operation: 'delete' as const, input, orderId };
    const serverIds = some.map(({ id }) => id);
    await cloud.submit.forServers(request, serverIds, 'strict');
    orderIds.push(orderId);
  }
  for (const { id, projectId } of disks.filter(isFree)) await cloud.volumes.remove(id, projectId);
  return ok({ order_ids: orderIds });
}

/** What is sold here. The provider asks at its start, only to see whether it is at the right website. */
export function listServiceTypes(_cloud: Cloud, call: Call): Answer {
  const offset = Number(call.query['offset'] ?? 0) || 0;
  const limit = Number(call.query['limit'] ?? 10) || 10;
  const all = [bareMetal, volumes];
  return ok({ total_count: all.length, service_types: all.slice(offset, offset + limit) });
}
