/** The only place where things are built and joined: config → store → drivers → engine → APIs → listen. */
import { randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { pino, type Logger } from 'pino';
import { createMetrics } from './apis/admin/metrics.ts';
import { createHttp } from './apis/http.ts';
import type { Config } from './config.ts';
import { engineChores } from './engine/chores.ts';
import { createClockwork } from './engine/clockwork.ts';
import { createConsoles } from './engine/consoles/consoles.ts';
import { hashPassword } from './engine/password.ts';
import { createSubmit } from './engine/submit.ts';
import { createSweep } from './engine/sweep.ts';
import { createWorker } from './engine/worker.ts';
import { createWriter } from './engine/writer.ts';
import { openApis } from './main/apis.ts';
import { openAuth, toExternal } from './main/authorities.ts';
import { createClosers } from './main/closers.ts';
import { makeDataFolder, tellCredentials } from './main/data-folder.ts';
import { openDatabases } from './main/databases.ts';
import { createErrorLog } from './main/error-log.ts';
import {
  chooseInspectors,
  chooseInstallers,
  openDrivers,
  openNetworkBoot,
  toInspectMs,
} from './main/hardware.ts';
import { openImageStore } from './main/image-store.ts';
import { listen } from './main/listen.ts';
import { openStores } from './main/stores.ts';
import { makeFirstStart } from './store/first-start.ts';

export interface Ingot {
  origin: string;
  /** Where the credential files are, of this start or of the first one. */
  folder: string;
  http: FastifyInstance;
  /** Present at the first start only. */
  first: { files: string[]; password: string | null } | null;
  /** Of the external Keystone that looks after identity, if one does. */
  keystoneUrl: string | null;
  /** Finishes requests, hands back leases, stops the embedded database. */
  stop(): Promise<void>;
}

/** @throws Error with one line that says what stands in the way (port, folder, database, a second process) */
export async function startIngot(config: Config, logger: Logger = toLogger(config)): Promise<Ingot> {
  const folder = makeDataFolder(config.data);
  const log = createErrorLog(logger);
  const closers = createClosers((error) => log(error, 'stopping a part failed'));
  const now = Date.now;
  try {
    const databases = await openDatabases(config, folder, { logger, log, closers });
    const { database, engineDatabase, vault } = databases;
    const stores = openStores(databases);
    const { work, tenancy, catalog, nodes } = stores;

    const password = config.adminPassword ?? randomBytes(15).toString('base64url');
    const begun = await makeFirstStart(
      { sql: database.sql, vault, tenancy, catalog, nodes },
      { region: config.region, hashPassword: () => hashPassword(password), simNodes: config.simNodes },
    );

    const metrics = createMetrics();
    const images = await openImageStore(config, folder, database.sql, { closers, log });
    const around = { stores, metrics, closers, log };
    const { drivers, bmcFigures } = openDrivers(config, engineDatabase.sql, around);
    const networkBoot = openNetworkBoot(config, folder, images.contents, around);

    const inspectors = chooseInspectors(drivers, networkBoot);

    const clockwork = createClockwork(drivers, config.deadlineFactor);
    const submit = createSubmit(work, clockwork);
    const worker = createWorker(
      {
        work,
        writer: createWriter(work),
        drivers,
        installers: chooseInstallers(drivers, networkBoot),
        clockwork,
        log,
        now,
        onOutcome: metrics.countOutcome,
      },
      config.workers,
    );
    const sweep = createSweep(
      [
        ...engineChores(
          { ...stores, submit, drivers, inspectors, log },
          {
            retentionMs: config.retentionMinutes * 60_000,
            powerSyncMs: config.powerSyncSeconds * 1_000,
            healthMs: config.healthSeconds * 1_000,
          },
        ),
        { what: 'removing expired tokens', everyMs: 30_000, run: () => tenancy.purgeExpiredTokens() },
        {
          what: 'forgetting old attempts at logins',
          everyMs: 60_000,
          run: () => stores.loginAttempts.purge(),
        },
        {
          what: 'removing old rows of the audit trail',
          everyMs: 60_000,
          run: () => stores.audit.purge(config.auditDays),
        },
      ],
      log,
    );
    const consoles = createConsoles({
      links: stores.consoleLinks,
      logs: stores.consoleLogs,
      servers: stores.servers,
      nodes,
      drivers,
      log,
      now,
    });
    closers.add(() => consoles.close());

    const external = toExternal(config);
    const auth = await openAuth(config, stores, external);
    const http = await createHttp({
      apis: openApis(config, {
        stores,
        images,
        submit,
        drivers,
        worker,
        consoles,
        auth,
        external,
        metrics,
        bmcFigures,
        inspectors,
        inspectMs: toInspectMs(config),
        ping: () => database.pool.query('select 1'),
        log,
        warn: (facts, message) => logger.warn(facts, message),
      }),
      auth,
      record: stores.audit.record,
      logger,
      trustedProxies: config.trustedProxies,
      publicUrl: config.publicUrl,
      keystoneUrl: external?.url ?? null,
      limits: {
        reads: config.rateLimit,
        writes: config.writeLimit || config.rateLimit,
        logins: config.loginLimit,
      },
      shedLagMs: config.shedLagMs,
      bodySeconds: config.bodySeconds,
      onAnswer: metrics.countAnswer,
    });

    await networkBoot?.start();
    closers.add(async () => networkBoot?.stop());
    await worker.start();
    closers.add(() => worker.stop());
    sweep.start();
    closers.add(() => sweep.stop());
    images.intake.start();
    closers.add(() => images.intake.stop());
    const { origin, close } = await listen(http, config);
    closers.add(close);

    // Whoever comes from another Keystone has credentials of there.
    const isTold = begun !== null && external === null;
    const first = isTold
      ? { files: await tellCredentials(folder, origin, config, { password, begun }), password }
      : null;
    return { origin, folder, http, first, keystoneUrl: external?.url ?? null, stop: () => closers.close() };
  } catch (error) {
    await closers.close();
    throw error;
  }
}

function toLogger(config: Pick<Config, 'logLevel'>): Logger {
  return pino(
    { level: config.logLevel, redact: ['*.password', '*.secret', 'req.headers["x-auth-token"]'] },
    pino.destination(2),
  );
}
