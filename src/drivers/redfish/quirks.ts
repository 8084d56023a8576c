/**
 * What BMCs do beside or against the book, each with vendor, model and source: the one table of it. Most habits are met
 * by reading what a machine offers or by a ladder whose winner is remembered (`../habits.ts`), whoever the vendor is; those
 * rows name the file that does so. Rows with `quirks` change the rules for the vendors that they match.
 */
import { toRecord, toText, type Json } from './fields.ts';

export interface Quirks {
  /** How long to leave it alone when it is not ready and names no time itself, in milliseconds. */
  notReadyMs?: number;
  /** For so long after a reset power is read twice, and only equal readings count, in milliseconds. */
  doubtMs?: number;
  /** The form of If-Match that is tried first, a word of `etag.ts`. */
  etagForm?: 'any' | 'none';
  /** The target that stands in a disabled boot override; None where nothing is said. */
  noBootTarget?: string;
  /** How long the BMC is away when it restarts, in milliseconds. */
  restartMs?: number;
}

export interface Row {
  /** What it does. */
  habit: string;
  /** Matched against the root's Vendor, its Oem keys and its Product; null: whoever does it. */
  vendor: RegExp | null;
  /** The models on which it was seen. */
  model: string;
  source: string;
  /** The file that deals with it. */
  in: string;
  quirks?: Quirks;
}

export const quirkRows: readonly Row[] = [
  {
    habit: 'TLS 1.0 or 1.1 only',
    vendor: null,
    model: 'several, from before 2014 or so',
    source: 'Ironic rn redfish-tls-hardening, and its troubleshooting page',
    in: 'connection.ts, by INGOT_BMC_TLS',
  },
  {
    habit: '409 to On right after ForceOff',
    vendor: /dell/i,
    model: 'Dell iDRAC10',
    source: 'Launchpad bug 2162995: Ironic tries 6 times, 10 s apart',
    in: 'answer.ts',
    quirks: { notReadyMs: 10_000 },
  },
  {
    habit: 'no boot override during POST',
    vendor: /hpe|hewlett/i,
    model: 'HPE iLO 5, iLO 6',
    source: 'Launchpad bug 2136275: Ironic tries 6 times, 5 s apart',
    in: 'answer.ts',
    quirks: { notReadyMs: 5_000 },
  },
  {
    habit: 'the boot target None is refused',
    vendor: /hpe|hewlett/i,
    model: 'HPE iLO',
    source: 'metal-operator#998: Disabled with target Pxe',
    in: 'boot-device.ts',
    quirks: { noBootTarget: 'Pxe' },
  },
  {
    habit: 'power readings that flap after a reset',
    vendor: /super ?micro|smc/i,
    model: 'Supermicro X11, X12',
    source: 'Ironic rn conductor-power-sync-timeout (cached for 30 to 60 s); ironic-image#143',
    in: 'power.ts',
    quirks: { doubtMs: 60_000 },
  },
  {
    habit: 'If-Match * and no other',
    vendor: /^ami$|nvidia/i,
    model: 'NVIDIA DGX, AMI MegaRAC SP-X',
    source: 'libredfish viking',
    in: 'etag.ts',
    quirks: { etagForm: 'any' },
  },
  {
    habit: 'away for long after a restart of the BMC',
    vendor: /dell|hpe|hewlett|lenovo/i,
    model: 'iDRAC, iLO, XCC',
    source: 'xcat#3310: ping after a minute, REST 30 s later, first login 12 s more',
    in: 'bmc-reset.ts',
    quirks: { restartMs: 90_000 },
  },
  row('428 without If-Match', 'Lenovo XCC', 'sushy connector', 'etag.ts'),
  row('412 to its own weak or quoted ETag', 'several', 'ansible#56150; community.general#11270', 'etag.ts'),
  row('412 to any ETag', 'several', 'gofish disableEtagMatch; community.general#3268', 'etag.ts'),
  row('ETags without quotes', 'several', 'gofish stripEtagQuotes', 'etag.ts'),
  row('compressed bodies, weak ETags', 'several', 'sushy connector', 'connection.ts'),
  row('406 to Accept-Encoding identity', 'HPE Gen10+', 'sushy connector', 'connection.ts'),
  row('connections that break off', 'several', 'sushy disable-conn-pooling', 'connection.ts'),
  row('POST answered 307 or 308', 'several', 'Launchpad bug 2146882', 'connection.ts'),
  row('paths moved to those with a slash', 'HPE iLO', 'seen with ilorest', 'connection.ts'),
  row('500 to a GET, once', 'several', 'sushy get-retry', 'bmc.ts'),
  row(
    '503 or 429, Retry-After in seconds or as a date',
    'iDRAC, ZT',
    'dell provider#342; gofish 421a112',
    'bmc.ts',
  ),
  row('not ready in the dress of 4xx', 'Dell SYS518, iLO', 'sushy', 'answer.ts'),
  row('ExtendedInfo as one object, ids without registry', 'several', 'sushy', 'answer.ts'),
  row('SessionService hidden before the login', 'several', 'sushy', 'session.ts'),
  row('sessions that vanish', 'all, when they restart', 'sushy', 'bmc.ts'),
  row('403 to a session that is over', 'several', 'sushy AccessError; DSP8011 NoValidSession', 'bmc.ts'),
  row('few places for sessions', 'Supermicro 16, iDRAC 8', 'check_redfish#198', 'session.ts'),
  row('accounts that lock', 'all', 'NICo AvoidLockout', '../lockout-guard.ts'),
  row('403 until the password is changed', 'factory settings', 'libredfish network', 'answer.ts'),
  row('no links in the root', 'NVIDIA', 'NICo nv-redfish', 'system.ts'),
  row('several systems, some not the host', 'NVIDIA HGX, DPUs', 'LP 2141600; NICo#5418', 'system.ts'),
  row('members that are not there before their collection was read', 'several', 'NICo#5201', 'system.ts'),
  row('404 for the system while the BMC starts', 'OpenBMC', 'xcat-core#5461', 'system.ts'),
  row('no ManagedBy', 'Huawei 1288H', 'sushy retry-on-missing-managedby', 'controllers.ts'),
  row('nulls, numbers as text, empty MACs', 'several', 'sushy, gofish, Ironic', 'fields.ts'),
  row('no Status.State', 'HPE', 'sushy', 'collection.ts'),
  row('reset types in ActionInfo or nowhere', 'OpenBMC and others', 'sushy', 'reset.ts'),
  row('no On, no ForceOn, a power button only', 'several', 'NICo nv-redfish', 'reset.ts'),
  row('400 or 409 when the state is reached', 'several', 'Ironic rn catch-redfish-409', 'reset.ts'),
  row('ForceRestart that hangs or cuts DPUs', 'Lenovo SR675 V3, SR650 V4', 'NICo new-hardware', 'reset.ts'),
  row(
    '202 with a task, without one, or with one that vanishes',
    'iDRAC below 5.00',
    'sushy taskmonitor',
    'reset.ts',
  ),
  row(
    'boot override at the settings resource',
    'iDRAC10, ASRock Rack, Nokia',
    'gofish SetBoot',
    'boot-device.ts',
  ),
  row('all boot properties wanted', 'AMI, ASRock Rack', 'Ironic management VENDORS', 'boot-device.ts'),
  row('no BootSourceOverrideMode', 'several', 'rn redfish-boot-mode-override', 'boot-device.ts'),
  row('no Once, or no Continuous', 'several', 'story 2007733', 'boot-device.ts'),
  row('Enabled forgotten when it is left out', 'Supermicro', 'story 2008547', 'boot-device.ts'),
  row('Once stored as Continuous', 'KubeVirt BMC', 'kubevirtbmc#165', 'boot-device.ts'),
  row('a boot override that is ignored', 'Dell', 'dell provider#138', 'boot-device.ts'),
  row('the target UsbCd for a virtual CD', 'Supermicro', 'sushy', 'boot-device.ts'),
  row('virtual media under system or manager', 'all', 'sushy-tools; DSP2046', 'virtual-media.ts'),
  row('an image by PATCH', 'Lenovo', 'bmclib virtual_media', 'virtual-media.ts'),
  row('Inserted and WriteProtected refused', 'Supermicro X11, X12', 'sushy', 'virtual-media.ts'),
  row('TransferProtocolType and TransferMethod demanded', 'Nokia', 'sushy', 'virtual-media.ts'),
  row('a name and password demanded for an open URL', 'several', 'bmclib virtual_media', 'virtual-media.ts'),
  row('{} demanded by EjectMedia', 'HPE iLO', 'LP 2125571', 'virtual-media.ts'),
  row('Inserted after an eject', 'several', 'bmclib virtual_media', 'virtual-media.ts'),
  row('only the first drive works', 'iDRAC10', 'sushy', 'virtual-media.ts'),
  row('GracefulRestart only for the BMC', 'Dell', 'libredfish', 'bmc-reset.ts'),
  row('$expand that is broken', 'several', 'NICo nv-redfish', 'collection.ts'),
];

function row(habit: string, model: string, source: string, file: string): Row {
  return { habit, vendor: null, model, source, in: file };
}

export function findQuirks(root: Json): Quirks {
  const names = [root['Vendor'], root['Product'], ...Object.keys(toRecord(root['Oem']))].map((name) =>
    toText(name),
  );
  const rows = quirkRows.filter(
    ({ vendor }) => vendor !== null && names.some((name) => name !== null && vendor.test(name)),
  );
  return Object.assign({}, ...rows.map(({ quirks }) => quirks)) as Quirks;
}
