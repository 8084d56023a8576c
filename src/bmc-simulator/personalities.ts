/**
 * Who a simulated BMC plays. The shapes (ids, places, names) are those that the vendors publish in their Redfish
 * references; the habits are rows of `quirks.ts`. None of them is the vendor's firmware: they have what a driver of ours
 * meets there.
 */
import { quirks, type QuirkName } from './quirks.ts';
import { lawful, type BmcSettings } from './settings.ts';

interface Personality {
  says: string;
  shape: Partial<BmcSettings>;
  quirks: readonly QuirkName[];
}

export const personalities = {
  lawful: { says: 'after the book', shape: {}, quirks: [] },
  idrac: {
    says: 'Dell iDRAC 10',
    shape: {
      vendor: 'Dell',
      product: 'Integrated Dell Remote Access Controller',
      oem: 'Dell',
      systemId: 'System.Embedded.1',
      managerId: 'iDRAC.Embedded.1',
      chassisId: 'System.Embedded.1',
      bmcVersion: '1.20.50.50',
      maxSessions: 8,
      latencyMs: 180,
      latencySpreadMs: 250,
      lagMs: 4_000,
      mediaSlots: [
        { id: '1', types: ['CD', 'DVD', 'USBStick'] },
        { id: '2', types: ['CD', 'DVD', 'USBStick'] },
      ],
      resetTypes: [
        'On',
        'ForceOff',
        'ForceRestart',
        'GracefulRestart',
        'GracefulShutdown',
        'PushPowerButton',
      ],
    },
    quirks: [
      'boot-in-settings',
      'reset-too-soon',
      'conflict-when-reached',
      'bmc-reset-graceful',
      'bmc-away',
      'busy-now-and-then',
      'few-connections',
    ],
  },
  ilo: {
    says: 'HPE iLO 6',
    shape: {
      vendor: 'HPE',
      product: 'ProLiant DL380 Gen11',
      oem: 'Hpe',
      managerId: '1',
      bmcVersion: 'iLO 6 v1.58',
      maxSessions: 10,
      latencyMs: 60,
      latencySpreadMs: 60,
      lagMs: 2_000,
      mediaSlots: [
        { id: '1', types: ['Floppy', 'USBStick'] },
        { id: '2', types: ['CD', 'DVD'] },
      ],
      resetTypes: ['On', 'ForceOff', 'GracefulShutdown', 'ForceRestart', 'PushPowerButton'],
      bootTargets: ['None', 'Cd', 'Hdd', 'Usb', 'UefiHttp', 'Pxe', 'BiosSetup'],
    },
    quirks: [
      'identity-refused',
      'redirect-slash',
      'boot-refused-in-post',
      'boot-none-refused',
      'bad-request-when-reached',
      'no-status',
      'media-eject-needs-body',
      'media-under-manager',
      'bmc-away',
      'old-environment',
    ],
  },
  xcc: {
    says: 'Lenovo XClarity Controller 2',
    shape: {
      vendor: 'Lenovo',
      product: 'ThinkSystem SR650 V3',
      oem: 'Lenovo',
      managerId: '1',
      bmcVersion: '3.70',
      latencyMs: 150,
      latencySpreadMs: 100,
      maxSessions: 6,
      mediaSlots: [
        { id: 'EXT1', types: ['CD', 'DVD'] },
        { id: 'RDOC1', types: ['CD', 'USBStick'] },
      ],
    },
    quirks: [
      'etag-demanded',
      'media-under-manager',
      'media-by-patch',
      'power-transitions',
      'old-environment',
      'bmc-away',
    ],
  },
  supermicro: {
    says: 'Supermicro X12',
    shape: {
      vendor: 'Supermicro',
      product: 'X12DPU-6',
      oem: 'Supermicro',
      managerId: '1',
      bmcVersion: '01.04.08',
      latencyMs: 250,
      latencySpreadMs: 250,
      maxSessions: 16,
      mediaSlots: [{ id: 'VirtualMedia1', types: ['CD', 'DVD'] }],
    },
    quirks: [
      'usb-cd',
      'boot-forgets-enabled',
      'media-image-only',
      'media-under-manager',
      'power-lag',
      'type-drift',
      'extended-info-object',
      'old-environment',
      'closes-connections',
    ],
  },
  ami: {
    says: 'AMI MegaRAC SP-X, as on ASRock Rack and DGX',
    shape: {
      vendor: 'AMI',
      product: 'AMI Redfish Server',
      oem: 'Ami',
      systemId: 'Self',
      managerId: 'Self',
      chassisId: 'Self',
      bmcVersion: '12.61.21',
      latencyMs: 120,
      latencySpreadMs: 120,
      lagMs: 3_000,
      mediaSlots: [{ id: 'CD1', types: ['CD', 'DVD'] }],
    },
    quirks: [
      'etag-weak',
      'boot-needs-all',
      'task-for-reset',
      'reset-action-info',
      'several-systems',
      'no-root-links',
      'media-stays-inserted',
      'media-under-manager',
      'nulls',
    ],
  },
  openbmc: {
    says: 'OpenBMC with bmcweb',
    shape: {
      vendor: 'OpenBMC',
      product: 'bmcweb',
      systemId: 'system',
      managerId: 'bmc',
      chassisId: 'chassis',
      bmcVersion: '2.18.0',
      latencyMs: 40,
      latencySpreadMs: 30,
      lagMs: 1_500,
      maxSessions: 64,
      mediaSlots: [{ id: 'Slot_0', types: ['CD', 'USBStick'] }],
    },
    quirks: [
      'reset-action-info',
      'gzip-always',
      'boot-without-mode',
      'extended-info-bare',
      'hidden-session-service',
      'vanishing-sessions',
      'etag-none',
      'media-under-manager',
    ],
  },
} satisfies Record<string, Personality>;

export type PersonalityName = keyof typeof personalities;

export const personalityNames = Object.keys(personalities) as PersonalityName[];

export function isPersonality(name: string): name is PersonalityName {
  return Object.hasOwn(personalities, name);
}

/** The settings of a personality, with habits added (`more`) and taken away (`less`). */
export function toSettings(
  name: PersonalityName,
  more: readonly QuirkName[] = [],
  less: readonly QuirkName[] = [],
): BmcSettings {
  const { shape, quirks: own }: Personality = personalities[name];
  const habits = [...own, ...more].filter((quirk) => !less.includes(quirk));
  const changes = habits.map((quirk): Partial<BmcSettings> => quirks[quirk].settings);
  const missing = changes.flatMap((change) => change.missing ?? []);
  return Object.assign({ ...lawful, ...shape }, ...changes, { missing });
}
