/** What the handlers of this API work with. */
import type { Catalog } from '../../core/catalog.ts';
import type { Jobs } from '../../core/records.ts';
import type { Servers } from '../../core/server.ts';
import type { Create } from '../../engine/create.ts';
import type { BatchRule, Submit } from '../../engine/submit.ts';

export interface Cloud {
  servers: Servers;
  jobs: Jobs;
  catalog: Catalog;
  submit: Submit;
  create: Create;
  hashPassword: (password: string) => Promise<string>;
  batchRule: BatchRule;
}
