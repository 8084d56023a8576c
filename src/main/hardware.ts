/** The rooms that speak to machines: drivers for their BMCs, installers for their disks. */
import { join } from 'node:path';
import type { Metrics } from '../apis/admin/metrics.ts';
import { createNetworkBoot, type NetworkBoot, type NetworkBootRoom } from '../boot/network-boot.ts';
import { createPreinstalled } from '../boot/preinstalled.ts';
import { keepRamdisk } from '../boot/ramdisk/build-ramdisk.ts';
import type { Config } from '../config.ts';
import { Pending } from '../core/pending.ts';
import type { Driver } from '../core/ports.ts';
import type { OnHabits } from '../drivers/habits.ts';
import { createIpmiDriver } from '../drivers/ipmi/ipmi-driver.ts';
import { createRedfishDriver } from '../drivers/redfish/redfish-driver.ts';
import { createSimulatedDriver } from '../drivers/simulated/driver.ts';
import { TrafficLimit } from '../drivers/traffic-limit.ts';
import type { Inspectors, Installers } from '../engine/clockwork.ts';
import type { Sql } from '../store/database.ts';
import { simulatedMachines } from '../store/simulation.ts';
import type { Closers } from './closers.ts';
import type { Stores } from './stores.ts';

interface Around {
  stores: Stores;
  closers: Closers;
  log: (error: unknown, message: string) => void;
}

export function openDrivers(
  config: Config,
  engineSql: Sql,
  { stores: { nodes }, metrics, closers, log }: Around & { metrics: Metrics },
) {
  const traffic = new TrafficLimit();
  const notes = new Pending();
  const keep = (note: Promise<unknown>, failure: string) =>
    notes.add(
      note.then(
        () => undefined,
        (error: unknown) => log(error, failure),
      ),
    );
  const onHabits: OnHabits = ({ id }, news) =>
    keep(nodes.learnHabits(id, news), 'what was learnt about a BMC could not be kept');
  const simulated = createSimulatedDriver(simulatedMachines(engineSql), config.simStepMs);
  const ipmi = createIpmiDriver({
    program: config.ipmitool,
    spacingMs: config.ipmiSpacingMs,
    traffic,
    watch: metrics.bmcWatch,
    onHabits,
  });
  const redfish = createRedfishDriver({
    openIpmiConsole: (node, address) => ipmi.openConsole({ ...node, bmc: { ...node.bmc, address } }),
    traffic,
    watch: metrics.bmcWatch,
    oldestTls: config.bmcTls,
    onCertificate: ({ id }, certificateSha256) =>
      keep(nodes.change(id, { bmc: { certificateSha256 } }), 'a certificate could not be pinned'),
    onHabits,
  });
  const drivers = { simulated, redfish, ipmi };
  closers.add(async () => {
    for (const driver of Object.values(drivers)) await driver.close();
    await notes.settled();
  });
  const bmcFigures = () => ({ traffic: traffic.census(), drivers: [redfish.census(), ipmi.census()] });
  return { drivers, bmcFigures };
}

/** @returns null where no address of the provisioning network is set */
export function openNetworkBoot(
  config: Config,
  folder: string,
  images: NetworkBootRoom['images'],
  { stores, log }: Around,
): NetworkBoot | null {
  if (config.bootAddress === null) {
    checkUnwanted(config);
    return null;
  }
  return createNetworkBoot({
    ...toBootSettings(config, folder),
    address: config.bootAddress,
    sessions: stores.bootSessions,
    nodes: stores.nodes,
    discoveries: config.bootDiscovery === 'on' ? stores.discoveries : null,
    servers: stores.servers,
    catalog: stores.catalog,
    images,
    onNews: ({ serverId }) => {
      const hastened = serverId === null ? Promise.resolve() : stores.work.hasten(serverId);
      hastened.catch((error: unknown) => log(error, 'a boot could not be hastened'));
    },
    now: Date.now,
    log,
  });
}

/** @throws Error with one line for a wish that nothing comes of without network boot */
function checkUnwanted({ bootRange, bootMetadata, bootDiscovery }: Config): void {
  const wishes = {
    INGOT_BOOT_RANGE: bootRange !== null,
    INGOT_BOOT_METADATA: bootMetadata === 'on',
    INGOT_BOOT_DISCOVERY: bootDiscovery === 'on',
  };
  const [wish] = Object.entries(wishes).find(([, isWished]) => isWished) ?? [];
  if (wish) throw new Error(`${wish} needs INGOT_BOOT_ADDRESS, without which there is no network boot.`);
}

/** Without network boot a real machine counts as one that carries its system already. */
export function chooseInstallers(
  { simulated, redfish, ipmi }: ReturnType<typeof openDrivers>['drivers'],
  networkBoot: NetworkBoot | null,
): Installers {
  const installerFor = (driver: Driver) => networkBoot?.installerFor(driver) ?? createPreinstalled(driver);
  return { simulated, redfish: installerFor(redfish), ipmi: installerFor(ipmi) };
}

/** Without network boot nothing is looked at from within. */
export function chooseInspectors(
  { redfish, ipmi }: ReturnType<typeof openDrivers>['drivers'],
  networkBoot: NetworkBoot | null,
): Inspectors {
  if (!networkBoot) return {};
  return { redfish: networkBoot.installerFor(redfish), ipmi: networkBoot.installerFor(ipmi) };
}

/** How long an inspection may take in all: three starts, and a quarter of an hour for the BMC. In milliseconds. */
export function toInspectMs({ bootPatienceSeconds }: Pick<Config, 'bootPatienceSeconds'>): number {
  return (3 * bootPatienceSeconds + 900) * 1_000;
}

function toBootSettings(
  config: Config,
  folder: string,
): Pick<
  NetworkBootRoom,
  'port' | 'method' | 'paces' | 'ramdisk' | 'dhcp' | 'mediaFolder' | 'metadataInterface'
> {
  const ramdisks = join(folder, 'ramdisk');
  const given = config.bootRamdisk;
  return {
    port: config.bootPort,
    method: config.bootMethod,
    paces: {
      lookMs: 2_000,
      patienceMs: config.bootPatienceSeconds * 1_000,
      stallMs: 180_000,
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
    metadataInterface: toMetadataInterface(config),
  };
}

function toMetadataInterface({ bootMetadata, bootInterface }: Config): string | null {
  if (bootMetadata === 'off') return null;
  if (bootInterface !== null) return bootInterface;
  throw new Error('INGOT_BOOT_METADATA needs INGOT_BOOT_INTERFACE: on which network is it to be served?');
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
      hasMetadata: config.bootMetadata === 'on',
      isOpen: config.bootDiscovery === 'on',
    },
  };
}
