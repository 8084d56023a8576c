/** What the handlers of this API work with. */
import type { Catalog } from '../../core/catalog.ts';
import type { LogExports } from '../../core/log-export.ts';
import type { Observations } from '../../core/observation.ts';
import type { History, Jobs, Nodes } from '../../core/records.ts';
import type { Servers } from '../../core/server.ts';
import type { Site } from '../../core/site.ts';
import type { Drivers } from '../../engine/clockwork.ts';
import type { Consoles } from '../../engine/consoles/consoles.ts';
import type { Create } from '../../engine/create.ts';
import type { Submit } from '../../engine/submit.ts';

export interface Cloud {
  servers: Servers;
  nodes: Nodes;
  site: Site;
  observations: Observations;
  logExports: LogExports;
  jobs: Jobs;
  history: History;
  catalog: Catalog;
  drivers: Drivers;
  submit: Submit;
  create: Create;
  /** The region that this installation is. */
  region: string;
  consoles: Pick<Consoles, 'offerNode'>;
  hashPassword: (password: string) => Promise<string>;
}
