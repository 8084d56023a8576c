/**
 * Billing, without bills: orders, their resources and unsubscribing, which the Terraform provider of Huawei Cloud goes
 * through whatever the charging mode. `suscriptions` is spelled so in the published path.
 */
import type { Answer, Api, Call, Route, RouteFacts } from '../api.ts';
import { toError } from './errors.ts';
import * as orders from './orders.ts';
import { ResourcesBody, UnsubscribeBody } from './wire.ts';

type Handler = (cloud: orders.Cloud, call: Call) => Promise<Answer> | Answer;

export function billingApi(cloud: orders.Cloud): Api {
  const route = (handler: Handler, rest: RouteFacts): Route => ({
    ...rest,
    handle: (call) => handler(cloud, call),
  });
  return {
    name: 'billing',
    title: 'Billing v2',
    toError,
    routes: [
      route(orders.showOrder, {
        id: 'order',
        method: 'GET',
        path: '/v2/orders/customer-orders/details/:order_id',
        summary: 'Show an order',
        action: 'bss:order:view',
        isPolled: true,
      }),
      route(orders.listResources, {
        id: 'resources',
        method: 'POST',
        path: '/v2/orders/suscriptions/resources/query',
        summary: 'List what came of an order',
        action: 'bss:order:view',
        body: ResourcesBody,
        audited: false,
      }),
      route(orders.unsubscribe, {
        id: 'unsubscribe',
        method: 'POST',
        path: '/v2/orders/subscriptions/resources/unsubscribe',
        summary: 'Give back servers and volumes: they are deleted',
        action: 'bss:unsubscribe:update',
        body: UnsubscribeBody,
      }),
      route(orders.listServiceTypes, {
        id: 'service-types',
        method: 'GET',
        path: '/v2/products/service-types',
        summary: 'List what is sold here',
        action: 'bss:product:view',
      }),
    ],
  };
}
