/** The only place where things are built and joined: config → store → drivers → engine → APIs → listen. */
import { randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { pino, type Logger } from 'pino';
import { createMetrics } from './apis/admin/metrics.ts';
import { adminApi } from './apis/admin/routes.ts';
import { createAuth } from './apis/auth.ts';
import { billingApi } from './apis/billing/routes.ts';
import { bmsApi } from './apis/bms-v1/routes.ts';
import { cloudDcApi } from './apis/clouddc/routes.ts';
import { createHttp } from './apis/http.ts';
import { withExternalIdentity } from './apis/external-auth.ts';
import { externalIdentityApi } from './apis/identity/external.ts';
import { identityApi } from './apis/identity/routes.ts';
import { imageApi } from './apis/image/routes.ts';
import { networkApi } from './apis/network/routes.ts';
import { novaApi } from './apis/nova-v2.1/routes.ts';
import { serialConsoleApi } from './apis/serial-console/routes.ts';
import { traceApi } from './apis/trace/routes.ts';
import { volumeApi } from './apis/volume/routes.ts';
import { createNetworkBoot, type NetworkBootRoom } from './boot/network-boot.ts';
import { keepRamdisk } from './boot/ramdisk/build-ramdisk.ts';
import { createPreinstalled } from './boot/preinstalled.ts';
import type { Config } from './config.ts';
import type { Driver } from './core/ports.ts';
import { findIpmiBmc } from './drivers/ipmi/find-bmc.ts';
import { createIpmiDriver } from './drivers/ipmi/ipmi-driver.ts';
import { findRedfishBmc } from './drivers/redfish/find-bmc.ts';
import { createJudge } from './core/authorization.ts';
import { createRedfishDriver } from './drivers/redfish/redfish-driver.ts';
import { createSimulatedDriver } from './drivers/simulated/driver.ts';
import { TrafficLimit } from './drivers/traffic-limit.ts';
import { createClockwork, type Drivers, type Installers } from './engine/clockwork.ts';
import { createCreateOnce } from './engine/create-once.ts';
import { createCreate } from './engine/create.ts';
import { createIntake } from './engine/image-intake.ts';
import { changePasswords } from './engine/password-change.ts';
import { hashPassword } from './engine/password.ts';
import { createSubmit } from './engine/submit.ts';
import { createSweep } from './engine/sweep.ts';
import { createConsoles } from './engine/consoles/consoles.ts';
import { createWorker } from './engine/worker.ts';
import { createWriter } from './engine/writer.ts';
import { createDownload } from './images/download.ts';
import { openImageFiles } from './images/image-files.ts';
import { isPublic } from './images/targets.ts';
import { audit as openAudit } from './store/audit.ts';
import { createKeystone, type KeystoneOptions } from './keystone/client.ts';
import { accessKeys as openAccessKeys } from './store/access-keys.ts';
import { applicationCredentials as openApplicationCredentials } from './store/application-credentials.ts';
import { answeredRequests } from './store/answered-requests.ts';
import { bootSessions } from './store/boot-sessions.ts';
import { catalog as openCatalog } from './store/catalog.ts';
import { census as openCensus } from './store/census.ts';
import { credentialFiles, writeCredentialFiles } from './store/credential-files.ts';
import { openDatabase, type Sql } from './store/database.ts';
import { sealAnew } from './store/keyring.ts';
import { makeFirstStart, type FirstCredentials } from './store/first-start.ts';
import { guests as openGuests } from './store/guests.ts';
import { groups as openGroups } from './store/groups.ts';
import { history as openHistory } from './store/history.ts';
import { imageContents as openImageContents } from './store/image-contents.ts';
import { imageTransfers as openImageTransfers } from './store/image-transfers.ts';
import { images as openImages } from './store/images.ts';
import { securityGroups as openSecurityGroups } from './store/security-groups.ts';
import { serverGroups as openServerGroups } from './store/server-groups.ts';
import { openVault } from './store/installation.ts';
import { identityPolicies as openIdentityPolicies } from './store/identity-policies.ts';
import { jobs as openJobs } from './store/jobs.ts';
import { keepPostgres, type LastingPostgres } from './store/lasting-postgres.ts';
import { logExports as openLogExports } from './store/log-exports.ts';
import { migrate } from './store/migrate.ts';
import { networks as openNetworks } from './store/networks.ts';
import { nics as openNics } from './store/nics.ts';
import { nodes as openNodes } from './store/nodes.ts';
import { observations as openObservations } from './store/observations.ts';
import { orders as openOrders } from './store/orders.ts';
import { passwordChanges as openPasswordChanges } from './store/password-changes.ts';
import { consoleLinks, consoleLogs } from './store/serial-consoles.ts';
import { servers as openServers } from './store/servers.ts';
import { faults as openFaults, simulatedMachines } from './store/simulation.ts';
import { site as openSite } from './store/site.ts';
import { holdAlone } from './store/solitude.ts';
import { tenancy as openTenancy } from './store/tenancy.ts';
import { readOrMakeKeys, type Vault } from './store/vault.ts';
import { volumes as openVolumes } from './store/volumes.ts';
import { createWork } from './store/work.ts';

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

const engineConnections = 8;
const gib = 2 ** 30;

/** @throws Error with one line that says what stands in the way (port, folder, database, a second process) */
export async function startIngot(config: Config, logger: Logger = toLogger(config)): Promise<Ingot> {
  const folder = makeFolder(config.data);
  const closers: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const close of closers.splice(0).reverse()) {
      await close().catch((error: unknown) => logger.error({ err: error }, 'stopping a part failed'));
    }
  };
  const log = (error: unknown, message: string) => logger.error({ err: error }, message);
  try {
    const postgres = await openPostgres(config, folder, logger);
    const url = config.databaseUrl ?? postgres!.url;
    const database = await openDatabase(url, {
      onError: (error) => log(error, 'a database connection broke'),
    });
    closers.push(() => database.close());
    // The engine has connections of its own: however many callers wait for one, work goes on.
    const engineDatabase = await openDatabase(url, {
      connections: engineConnections,
      onError: (error) => log(error, 'a database connection of the engine broke'),
    });
    closers.push(() => engineDatabase.close());
    if (postgres) {
      const letGo = await holdAlone(database, folder);
      // Ours alone from here on; a database that another process serves from is not stopped.
      closers.unshift(() => postgres.stop());
      closers.push(letGo);
    }
    await migrate(database.sql);

    const keys = readOrMakeKeys(join(folder, 'secret.key'), config.secretKey);
    const vault = await openVault(database.sql, keys);
    if (!vault.isOurs) {
      logger.warn(
        'secrets were sealed with another key: real BMCs are left to processes that have it (INGOT_SECRET_KEY)',
      );
    }
    if (vault.isOurs) await changeKey(database.sql, keys, vault, logger);
    const work = createWork({ ...engineDatabase, listen: database.listen }, vault, database.sql);
    const tenancy = openTenancy(database);
    const accessKeys = openAccessKeys(database.sql, vault);
    const catalog = openCatalog(database.sql);
    const nodes = openNodes(database.sql, vault);
    const passwordChanges = openPasswordChanges(database.sql, vault);
    const servers = openServers(database.sql);
    const nics = openNics(database.sql);
    const volumes = openVolumes(database.sql);
    const securityGroups = openSecurityGroups(database.sql);
    const jobs = openJobs(database.sql);
    const history = openHistory(database);
    const audit = openAudit(database.sql);
    const faults = openFaults(database.sql);

    const password = config.adminPassword ?? randomBytes(15).toString('base64url');
    const begun = await makeFirstStart(
      { sql: database.sql, vault, tenancy, catalog, nodes },
      { region: config.region, passwordHash: await hashPassword(password), simNodes: config.simNodes },
    );

    const metrics = createMetrics();
    const traffic = new TrafficLimit();
    const simulated = createSimulatedDriver(simulatedMachines(engineDatabase.sql), config.simStepMs);
    const ipmi = createIpmiDriver({
      program: config.ipmitool,
      spacingMs: config.ipmiSpacingMs,
      traffic,
      watch: metrics.bmcWatch,
    });
    const redfish = createRedfishDriver({
      openIpmiConsole: (node, address) => ipmi.openConsole({ ...node, bmc: { ...node.bmc, address } }),
      traffic,
      watch: metrics.bmcWatch,
      onCertificate: (node, certificateSha256) => {
        nodes.change(node.id, { bmc: { certificateSha256 } }).catch((error: unknown) => {
          log(error, 'a certificate could not be pinned');
        });
      },
    });
    const drivers: Drivers = { simulated, redfish, ipmi };
    const imageFiles = await openImageFiles(
      config.imageFolder ?? join(folder, 'images'),
      config.imageLargestGb * gib,
    );
    closers.push(async () => imageFiles.close());
    const images = openImages(database.sql);
    const imageContents = openImageContents(database.sql, imageFiles.pathOf);
    const sessions = bootSessions(database.sql);
    const networkBoot =
      config.bootAddress === null
        ? null
        : createNetworkBoot({
            ...toBootSettings(config, folder),
            address: config.bootAddress,
            sessions,
            nodes,
            servers,
            catalog,
            images: imageContents,
            onNews: ({ serverId }) => {
              const hastened = serverId === null ? Promise.resolve() : work.hasten(serverId);
              hastened.catch((error: unknown) => log(error, 'a boot could not be hastened'));
            },
            now: Date.now,
            log,
          });
    const installerFor = (driver: Driver) => networkBoot?.installerFor(driver) ?? createPreinstalled(driver);
    const installers: Installers = {
      simulated,
      redfish: installerFor(redfish),
      ipmi: installerFor(ipmi),
    };
    closers.push(async () => {
      for (const driver of Object.values(drivers)) await driver.close();
    });

    const clockwork = createClockwork(drivers, config.deadlineFactor);
    const submit = createSubmit(work, clockwork);
    const create = createCreate(catalog, submit);
    const createOnce = createCreateOnce(create, answeredRequests(database.sql, vault));
    const worker = createWorker(
      {
        work,
        writer: createWriter(work),
        drivers,
        installers,
        clockwork,
        log,
        now: Date.now,
        onOutcome: metrics.countOutcome,
      },
      config.workers,
    );
    const sweep = createSweep({
      work,
      submit,
      drivers,
      log,
      retentionMs: config.retentionMinutes * 60_000,
      powerSyncMs: config.powerSyncSeconds * 1_000,
      healthMs: config.healthSeconds * 1_000,
      chores: [
        {
          what: 'changing passwords of BMCs',
          everyMs: 1_000,
          run: (signal) =>
            changePasswords({ passwordChanges, drivers, log }, { places: 64, most: 256, signal }),
        },
        {
          what: 'removing expired tokens',
          everyMs: 30_000,
          run: () => tenancy.purgeExpiredTokens(),
        },
        {
          what: 'removing old rows of the audit trail',
          everyMs: 60_000,
          run: () => audit.purge(config.auditDays),
        },
      ],
    });

    const transfers = openImageTransfers(database.sql, imageFiles);
    const download = createDownload({
      isAllowed: config.imageAllowPrivate === 'yes' ? () => true : isPublic,
    });
    closers.push(() => download.close());
    const intake = createIntake({
      transfers,
      files: imageFiles,
      origin: download,
      log,
      limits: { mostBytes: config.imageLargestGb * gib, mostStoredBytes: config.imageCacheGb * gib },
    });

    const external = toExternal(config);
    const { region } = config;
    const judge = createJudge({ region, withTwins: config.bmsTwins, now: Date.now });
    const ownAuth = await createAuth(tenancy, accessKeys, judge, Date.now);
    const auth = external
      ? withExternalIdentity(ownAuth, {
          validate: createKeystone({ ...external, now: Date.now }).validate,
          guests: openGuests(database.sql, tenancy),
          recheckMs: config.keystoneRecheckSeconds * 1_000,
          now: Date.now,
        })
      : ownAuth;
    const consoles = createConsoles({
      links: consoleLinks(database.sql),
      logs: consoleLogs(database.sql),
      servers,
      nodes,
      drivers,
      log,
      now: Date.now,
    });
    closers.push(() => consoles.close());
    const http = await createHttp({
      apis: [
        external
          ? externalIdentityApi(external.url)
          : identityApi({
              tenancy,
              policies: openIdentityPolicies(database.sql, () => tenancy.tellChange()),
              groups: openGroups(database.sql, () => tenancy.tellChange()),
              accessKeys,
              applicationCredentials: openApplicationCredentials(database.sql, () => tenancy.tellChange()),
              region,
              tokenHours: config.tokenHours,
              now: Date.now,
              log: (facts, message) => logger.warn(facts, message),
            }),
        bmsApi({
          servers,
          jobs,
          catalog,
          submit,
          create: createOnce,
          nics,
          volumes,
          consoles,
          securityGroups,
          hashPassword,
          batchRule: config.batchRule,
        }),
        novaApi({
          servers,
          jobs,
          catalog,
          submit,
          create: createOnce,
          nics,
          volumes,
          consoles,
          images,
          securityGroups,
          serverGroups: openServerGroups(database.sql),
          hashPassword,
          actionStatus: config.novaActionStatus,
        }),
        cloudDcApi({
          servers,
          nodes,
          site: openSite(database.sql),
          observations: openObservations(database.sql),
          logExports: openLogExports(database.sql),
          jobs,
          history,
          catalog,
          drivers,
          submit,
          create,
          region,
          consoles,
          hashPassword,
        }),
        imageApi({ images, contents: imageContents, transfers, intake }),
        networkApi({ catalog, networks: openNetworks(database.sql), securityGroups }),
        volumeApi({ volumes, catalog }),
        billingApi({ orders: openOrders(database.sql), submit, volumes, region }),
        serialConsoleApi({ consoles, log }),
        traceApi({ audit, now: Date.now }),
        adminApi({
          audit,
          servers,
          nodes,
          jobs,
          catalog,
          history,
          census: openCensus(database.sql),
          faults,
          bootSessions: sessions,
          passwordChanges,
          work,
          tenancy,
          consoles,
          drivers,
          findBmc: { redfish: findRedfishBmc, ipmi: findIpmiBmc },
          worker,
          auth,
          metrics,
          bmcFigures: () => ({ traffic: traffic.census(), drivers: [redfish.census(), ipmi.census()] }),
          ping: () => database.pool.query('select 1'),
          log,
        }),
      ],
      auth,
      record: audit.record,
      logger,
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
    closers.push(async () => networkBoot?.stop());
    await worker.start();
    closers.push(() => worker.stop());
    sweep.start();
    closers.push(() => sweep.stop());
    intake.start();
    closers.push(() => intake.stop());
    const origin = await listen(http, config);
    closers.push(() => http.close());

    // Whoever comes from another Keystone has credentials of there.
    const first = external ? null : await tellFirst(folder, origin, config, password, begun);
    return { origin, folder, http, first, keystoneUrl: external?.url ?? null, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

export function toLogger(config: Pick<Config, 'logLevel'>): Logger {
  return pino(
    { level: config.logLevel, redact: ['*.password', '*.secret', 'req.headers["x-auth-token"]'] },
    pino.destination(2),
  );
}

async function changeKey(sql: Sql, keys: readonly Buffer[], vault: Vault, logger: Logger): Promise<void> {
  if (keys.length < 2) return;
  const count = await sealAnew(sql, vault);
  logger.warn(
    `${count} secrets were sealed with the newest key; the older ones are no longer needed by this process`,
  );
}

/** @throws Error with one line, when the password of the service user is missing */
function toExternal(config: Config): Pick<KeystoneOptions, 'url' | 'credentials'> | null {
  if (config.keystoneUrl === null) return null;
  if (config.keystonePassword === null) {
    throw new Error(
      'INGOT_KEYSTONE_URL needs INGOT_KEYSTONE_PASSWORD, of a user who may validate tokens there.',
    );
  }
  return {
    url: config.keystoneUrl.replace(/\/+$/, ''),
    credentials: {
      user: config.keystoneUser,
      password: config.keystonePassword,
      userDomain: config.keystoneUserDomain,
      project: config.keystoneProject,
      projectDomain: config.keystoneProjectDomain,
    },
  };
}

function makeFolder(data: string): string {
  const folder = resolve(data);
  try {
    makeFolders(folder);
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new Error(`The data folder ${folder} cannot be written: ${(error as Error).message}`);
  }
  return folder;
}

/** One by one: `mkdir -p` of Node does not come back where a folder cannot be made although its parent exists (/proc). */
function makeFolders(folder: string): void {
  if (existsSync(folder)) return;
  makeFolders(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}

async function openPostgres(config: Config, folder: string, logger: Logger): Promise<LastingPostgres | null> {
  if (config.databaseUrl !== null) return null;
  return keepPostgres({
    folder: join(folder, 'postgres'),
    log: (line) => logger.info(line),
    onLost(reason) {
      logger.fatal(`the embedded PostgreSQL cannot be started again: ${reason}`);
      process.exit(1);
    },
  });
}

async function listen(http: FastifyInstance, { host, port, publicUrl }: Config): Promise<string> {
  try {
    const address = await http.listen({ host, port });
    return publicUrl ?? address;
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'EADDRINUSE')
      throw new Error(`Port ${port} on ${host} is in use; set INGOT_PORT to another one.`);
    if (code === 'EACCES') throw new Error(`Port ${port} on ${host} may not be used by this user.`);
    if (code === 'EADDRNOTAVAIL')
      throw new Error(`${host} is not an address of this machine; set INGOT_HOST.`);
    throw error;
  }
}

function toBootSettings(
  config: Config,
  folder: string,
): Pick<NetworkBootRoom, 'port' | 'method' | 'paces' | 'ramdisk' | 'dhcp' | 'mediaFolder'> {
  const ramdisks = join(folder, 'ramdisk');
  const given = config.bootRamdisk;
  return {
    port: config.bootPort,
    method: config.bootMethod,
    paces: {
      lookMs: 2_000,
      patienceMs: config.bootPatienceSeconds * 1_000,
      silenceMs: 180_000,
      offMs: 60_000,
      reportMs: 30_000,
    },
    ramdisk:
      given === null
        ? keepRamdisk(ramdisks, config.bootKernel)
        : () => Promise.resolve({ vmlinuz: join(given, 'vmlinuz'), initrd: join(given, 'initrd') }),
    dhcp: toDhcp(config, folder),
    mediaFolder: join(folder, 'media'),
  };
}

function toDhcp(config: Config, folder: string): NetworkBootRoom['dhcp'] {
  const { bootRange, bootInterface } = config;
  if (bootRange === null) return null;
  if (bootInterface === null) {
    throw new Error(
      'INGOT_BOOT_RANGE needs INGOT_BOOT_INTERFACE: on which network are addresses to be leased?',
    );
  }
  return {
    folder: join(folder, 'dnsmasq'),
    settings: {
      interfaceName: bootInterface,
      range: bootRange,
      gateway: config.bootGateway,
      dns: config.bootDns,
      isOpen: config.bootDiscovery === 'on',
    },
  };
}

async function tellFirst(
  folder: string,
  origin: string,
  config: Config,
  password: string,
  begun: FirstCredentials | null,
): Promise<Ingot['first']> {
  if (!begun) return null;
  const { access, secret, projectId } = begun;
  await writeCredentialFiles(folder, { origin, region: config.region, password, access, secret, projectId });
  return { files: credentialFiles.map((name) => join(folder, name)), password };
}
