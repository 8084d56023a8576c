/** What the handlers of this API work with. */
import type { Catalog } from '../../core/catalog.ts';
import type { Nodes } from '../../core/records.ts';
import type { Servers } from '../../core/server.ts';
import type { Create } from '../../engine/create.ts';
import type { Submit } from '../../engine/submit.ts';

export interface Cloud {
  servers: Servers;
  nodes: Nodes;
  catalog: Catalog;
  submit: Submit;
  create: Create;
  hashPassword: (password: string) => Promise<string>;
}
