/** What the handlers of this API work with. */
import type { Audit } from '../../core/audit.ts';
import type { BootSessions } from '../../core/boot-session.ts';
import type { Discoveries } from '../../core/discovery.ts';
import type { FindBmc } from '../../core/bmc-scan.ts';
import type { Catalog } from '../../core/catalog.ts';
import type { Inspections } from '../../core/inspection.ts';
import type { PasswordChanges } from '../../core/password-changes.ts';
import type { Census, History, Jobs, Nodes } from '../../core/records.ts';
import type { Servers } from '../../core/server.ts';
import type { Faults } from '../../core/simulation.ts';
import type { Tenancy } from '../../core/tenancy.ts';
import type { Work } from '../../core/work.ts';
import type { Consoles } from '../../engine/consoles/consoles.ts';
import type { Drivers, Inspectors } from '../../engine/clockwork.ts';
import type { Worker } from '../../engine/worker.ts';
import type { Auth } from '../auth.ts';
import type { BmcFigures, Metrics } from './metrics.ts';

export interface Cloud {
  servers: Servers;
  nodes: Nodes;
  jobs: Jobs;
  catalog: Catalog;
  history: History;
  census: Census;
  faults: Faults;
  audit: Pick<Audit, 'list'>;
  bootSessions: Pick<BootSessions, 'listOfServer' | 'listSigns'>;
  discoveries: Discoveries;
  inspections: Inspections;
  passwordChanges: PasswordChanges;
  work: Work;
  tenancy: Tenancy;
  consoles: Pick<Consoles, 'offerServer' | 'offerNode'>;
  drivers: Drivers;
  /** Of the drivers whose machines boot the ramdisk. */
  inspectors: Inspectors;
  /** How long an inspection in band may take, in milliseconds. */
  inspectMs: number;
  /** How a BMC is looked for, by the driver that would speak to it. */
  findBmc: Record<'redfish' | 'ipmi', FindBmc>;
  worker: Pick<Worker, 'busy' | 'isAtWork'>;
  auth: Auth;
  metrics: Metrics;
  /** How the BMCs are treated at this moment. */
  bmcFigures: () => BmcFigures;
  /** Fails when the database does not answer. */
  ping: () => Promise<unknown>;
  log: (error: unknown, message: string) => void;
}
