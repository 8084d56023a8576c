/** Neutron v2.0, as far as clients need it to make servers: reading networks, subnets and ports. */
import type { Answer, Api, Call, Route } from '../api.ts';
import { toError } from './errors.ts';
import * as networks from './networks.ts';

type Handler = (cloud: networks.Cloud, call: Call) => Promise<Answer> | Answer;

export function networkApi(cloud: networks.Cloud): Api {
  const get = (
    id: string,
    path: string,
    summary: string,
    handler: Handler,
    access: Route['access'] = 'read',
  ): Route => ({
    id,
    method: 'GET',
    path: `/network${path}`,
    summary,
    access,
    action: id,
    handle: (call) => handler(cloud, call),
  });
  return {
    name: 'network',
    title: 'Network v2.0',
    toError,
    routes: [
      get('versions', '', 'List API versions', networks.showVersions, 'open'),
      get('resources', '/v2.0', 'List the collections', networks.listResources, 'open'),
      get('get_networks', '/v2.0/networks', 'List networks', networks.listNetworks),
      get('get_network', '/v2.0/networks/:id', 'Show a network', networks.showNetwork),
      get('get_subnets', '/v2.0/subnets', 'List subnets', networks.listSubnets),
      get('get_subnet', '/v2.0/subnets/:id', 'Show a subnet', networks.showSubnet),
      get('get_ports', '/v2.0/ports', 'List ports', networks.listPorts),
      get('get_port', '/v2.0/ports/:id', 'Show a port', networks.showPort),
      get('get_extensions', '/v2.0/extensions', 'List extensions', networks.listExtensions),
      get('get_extension', '/v2.0/extensions/:alias', 'Show an extension', networks.showExtension),
    ],
  };
}
