/** What the handlers of this API work with. */
import type { Catalog } from '../../core/catalog.ts';
import type { Nics } from '../../core/network.ts';
import type { Jobs } from '../../core/records.ts';
import type { SecurityGroups } from '../../core/security-group.ts';
import type { Servers } from '../../core/server.ts';
import type { Volumes } from '../../core/volume.ts';
import type { Consoles } from '../../engine/consoles/consoles.ts';
import type { CreateOnce } from '../../engine/create-once.ts';
import type { BatchRule, Submit } from '../../engine/submit.ts';

export interface Cloud {
  servers: Servers;
  jobs: Jobs;
  catalog: Catalog;
  submit: Submit;
  create: CreateOnce;
  nics: Nics;
  volumes: Volumes;
  consoles: Pick<Consoles, 'offerServer'>;
  securityGroups: SecurityGroups;
  hashPassword: (password: string) => Promise<string>;
  batchRule: BatchRule;
}
