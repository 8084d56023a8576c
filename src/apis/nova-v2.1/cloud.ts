/** What the handlers of this API work with. */
import type { Catalog } from '../../core/catalog.ts';
import type { Nics } from '../../core/network.ts';
import type { NodeSizes } from '../../core/node-sizes.ts';
import type { Jobs } from '../../core/records.ts';
import type { Images } from '../../core/image.ts';
import type { SecurityGroups } from '../../core/security-group.ts';
import type { ServerGroups } from '../../core/server-group.ts';
import type { Servers } from '../../core/server.ts';
import type { Usages } from '../../core/usage.ts';
import type { Volumes } from '../../core/volume.ts';
import type { Consoles } from '../../engine/consoles/consoles.ts';
import type { CreateOnce } from '../../engine/create-once.ts';
import type { Submit } from '../../engine/submit.ts';
import type { Answer, Call, RouteFacts } from '../api.ts';

export interface Cloud {
  servers: Servers;
  jobs: Jobs;
  catalog: Catalog;
  submit: Submit;
  create: CreateOnce;
  nics: Nics;
  nodeSizes: NodeSizes;
  usages: Usages;
  volumes: Volumes;
  consoles: Pick<Consoles, 'offerServer' | 'readLog'>;
  images: Pick<Images, 'capture'>;
  securityGroups: SecurityGroups;
  serverGroups: ServerGroups;
  hashPassword: (password: string) => Promise<string>;
  /** What power actions answer: 204 as documented, 202 as upstream, or by the caller. */
  actionStatus: 'auto' | '204' | '202';
}

/** A call on a project, with the microversion that it asked for. */
export interface NovaCall extends Call {
  /** The NN of microversion 2.NN. */
  minor: number;
  /** Where `self` links begin: `http://host:port/v2.1/{project}`. */
  root: string;
}

/** A handler and its route, with `path` below the project. */
export type Entry = [handler: (cloud: Cloud, call: NovaCall) => Promise<Answer>, route: RouteFacts];

/** Where `bookmark` links begin: as `self`, without the version. */
export function bookmarkOf(call: NovaCall): string {
  return `${call.origin}/${call.params['project_id']}`;
}
