/** The doors, each with what its handlers need. */
import { adminApi } from '../apis/admin/routes.ts';
import type { BmcFigures, Metrics } from '../apis/admin/metrics.ts';
import type { Api } from '../apis/api.ts';
import type { Auth } from '../apis/auth.ts';
import { billingApi } from '../apis/billing/routes.ts';
import { bmsApi } from '../apis/bms-v1/routes.ts';
import { cloudDcApi } from '../apis/clouddc/routes.ts';
import { externalIdentityApi } from '../apis/identity/external.ts';
import { identityApi } from '../apis/identity/routes.ts';
import { imageApi } from '../apis/image/routes.ts';
import { networkApi } from '../apis/network/routes.ts';
import { novaApi } from '../apis/nova-v2.1/routes.ts';
import { serialConsoleApi } from '../apis/serial-console/routes.ts';
import { traceApi } from '../apis/trace/routes.ts';
import { volumeApi } from '../apis/volume/routes.ts';
import type { Config } from '../config.ts';
import { findIpmiBmc } from '../drivers/ipmi/find-bmc.ts';
import { findRedfishBmc } from '../drivers/redfish/find-bmc.ts';
import type { Drivers, Inspectors } from '../engine/clockwork.ts';
import type { Consoles } from '../engine/consoles/consoles.ts';
import { createCreateOnce } from '../engine/create-once.ts';
import { createCreate } from '../engine/create.ts';
import { hashPassword } from '../engine/password.ts';
import type { Submit } from '../engine/submit.ts';
import type { Worker } from '../engine/worker.ts';
import type { ExternalKeystone } from './authorities.ts';
import type { openImageStore } from './image-store.ts';
import type { Stores } from './stores.ts';

export interface Rooms {
  stores: Stores;
  images: Awaited<ReturnType<typeof openImageStore>>;
  submit: Submit;
  drivers: Drivers;
  worker: Worker;
  consoles: Consoles;
  auth: Auth;
  external: ExternalKeystone | null;
  metrics: Metrics;
  bmcFigures: () => BmcFigures;
  inspectors: Inspectors;
  inspectMs: number;
  ping: () => Promise<unknown>;
  log: (error: unknown, message: string) => void;
  warn: (facts: object, message: string) => void;
}

export function openApis(config: Config, rooms: Rooms): Api[] {
  const { stores, submit, drivers, consoles, external, log } = rooms;
  const { catalog } = stores;
  const { region } = config;
  const now = Date.now;
  const create = createCreate(catalog, submit);
  const createOnce = createCreateOnce(create, stores.answeredRequests);
  const rented = { ...stores, submit, consoles, create: createOnce, hashPassword };
  return [
    external
      ? externalIdentityApi(external.url)
      : identityApi({ ...stores, region, tokenHours: config.tokenHours, now, log: rooms.warn }),
    bmsApi({ ...rented, batchRule: config.batchRule }),
    novaApi({ ...rented, actionStatus: config.novaActionStatus }),
    cloudDcApi({ ...rented, create, drivers, region }),
    imageApi({ ...rooms.images, images: stores.images }),
    networkApi(stores),
    volumeApi(stores),
    billingApi({ ...stores, submit, region }),
    serialConsoleApi({ consoles, log }),
    traceApi({ audit: stores.audit, now }),
    adminApi({
      ...stores,
      drivers,
      findBmc: { redfish: findRedfishBmc, ipmi: findIpmiBmc },
      worker: rooms.worker,
      consoles,
      auth: rooms.auth,
      metrics: rooms.metrics,
      bmcFigures: rooms.bmcFigures,
      inspectors: rooms.inspectors,
      inspectMs: rooms.inspectMs,
      ping: rooms.ping,
      log,
    }),
  ];
}
