/**
 * The habits that simulated BMCs can have, each under a name by which it can be switched on and off. Where a habit was
 * seen stands beside it; personalities are made of these rows.
 */
import type { BmcSettings } from './settings.ts';
import { allResetTypes } from './simulated-machine.ts';

export interface Quirk {
  /** What the BMC does. */
  says: string;
  /** Where it was seen. */
  source: string;
  settings: Partial<BmcSettings>;
}

const quirk = (says: string, source: string, settings: Partial<BmcSettings>): Quirk => ({
  says,
  source,
  settings,
});

export const quirks = {
  'etag-demanded': quirk('answers 428 to a PATCH without If-Match', 'Lenovo XCC; sushy connector', {
    etags: 'demanded',
  }),
  'etag-weak': quirk('gives weak ETags and compares them strongly', 'ansible#56150; gofish', {
    etags: 'demanded-strong',
  }),
  'etag-bare': quirk('wants the ETag without its quotes', 'gofish stripEtagQuotes', {
    etags: 'demanded-bare',
  }),
  'etag-refused': quirk('answers 412 to any ETag', 'community.general#3268; gofish disableEtagMatch', {
    etags: 'refused',
  }),
  'etag-any': quirk('takes no If-Match but *', 'DGX, AMI; libredfish viking', { etags: 'any' }),
  'etag-none': quirk('has no ETags', 'sushy-tools', { etags: 'none' }),

  'basic-only': quirk('has no sessions', 'DSP0266 "Authentication" allows it; sushy-tools', {
    authentication: 'basic',
  }),
  'hidden-session-service': quirk('shows SessionService only after the login', 'sushy', {
    sessionService: 'hidden',
  }),
  'few-sessions': quirk('has two places for sessions', 'iDRAC with 8 of them taken; check_redfish#198', {
    maxSessions: 2,
  }),
  'vanishing-sessions': quirk('forgets its sessions now and then', 'sushy', { sessionLoss: 0.02 }),
  'account-lockout': quirk('locks the account after five refused logins', 'NICo AvoidLockout', {
    lockAfter: 5,
    lockMs: 300_000,
  }),
  'password-change-required': quirk(
    'answers 403 until the password is changed',
    'libredfish network; DSP0266 "Password change required"',
    { mustChangePassword: true },
  ),

  'echoes-password': quirk('repeats the password in a refused login', 'DSP0266 forbids it', {
    echoesPassword: true,
  }),

  'gzip-always': quirk('compresses whatever the client asked for', 'sushy', { encoding: 'always' }),
  'identity-refused': quirk('answers 406 to Accept-Encoding identity', 'HPE Gen10+; sushy', {
    encoding: 'gzip',
    refusesIdentity: true,
  }),
  'redirect-slash': quirk('moves paths without a slash at the end', 'HPE iLO', { redirects: 'slash' }),
  'redirect-actions': quirk('answers POST with 308', 'Launchpad bug 2146882', { redirects: 'actions' }),
  'closes-connections': quirk('closes every connection', 'sushy disable-conn-pooling', {
    closesConnections: true,
  }),
  'drops-connections': quirk('breaks connections off in the middle', 'sushy disable-conn-pooling', {
    dropShare: 0.02,
  }),
  'busy-now-and-then': quirk('answers 503 with Retry-After now and then', 'xcat#4264; dell provider#342', {
    busyShare: 0.02,
  }),
  'retry-after-date': quirk('names a date in Retry-After', 'RFC 9110 10.2.3', { retryAfter: 'date' }),
  'fails-now-and-then': quirk('answers a GET with 500 now and then', 'sushy get-retry', { failShare: 0.02 }),
  'rate-limit': quirk('answers 429 past ten requests a second', 'ZT, iDRAC; gofish 421a112', {
    rateLimit: 10,
  }),
  'few-connections': quirk('answers 503 to a third request at once', 'bmcweb#150', { maxInFlight: 2 }),

  'extended-info-object': quirk('gives one object where ExtendedInfo is a list', 'sushy', {
    extendedInfo: 'object',
  }),
  'extended-info-bare': quirk('gives message ids without registry and severity', 'sushy', {
    extendedInfo: 'bare',
  }),
  nulls: quirk('gives null where a value is missing', 'CapacityBytes null; sushy, gofish', {
    drift: 'nulls',
  }),
  'type-drift': quirk('gives numbers as text, states in small letters', 'gofish, Ironic', { drift: 'types' }),
  'no-root-links': quirk('has no links to Systems, Managers and Chassis', 'NICo nv-redfish', {
    missing: ['root-links'],
  }),
  'no-managed-by': quirk('names no manager of the system', 'Huawei 1288H; sushy', {
    missing: ['managed-by'],
  }),
  'no-status': quirk('gives no Status.State', 'HPE; sushy', { missing: ['status'] }),
  'lazy-members': quirk('has no members until their collection was read', 'NICo#5201', {
    lazyMembers: true,
  }),
  'several-systems': quirk('lists a GPU board and a DPU before the host', 'LP 2141600; NICo#5418', {
    otherSystems: [
      { id: 'HGX_Baseboard_0', systemType: 'Physical' },
      { id: 'Bluefield', systemType: 'DPU' },
    ],
  }),

  'power-lag': quirk(
    'reports the old power for 30 s after a reset',
    'Ironic rn conductor-power-sync-timeout',
    { lagMs: 30_000 },
  ),
  'power-transitions': quirk('reports PoweringOn and PoweringOff for 10 s', 'DSP2046', {
    lagMs: 10_000,
    lagShows: 'transition',
  }),
  'power-flaps': quirk('reports old and new power by turns for 5 s', 'ironic-image#143', {
    vendor: 'Supermicro',
    lagMs: 5_000,
    lagShows: 'flapping',
  }),
  'reset-action-info': quirk('tells its reset types in ActionInfo', 'DSP0266 "Action info"; OpenBMC', {
    allowables: 'action-info',
  }),
  'reset-untold': quirk('does not tell its reset types', 'sushy', { allowables: 'absent' }),
  'no-plain-on': quirk('has ForceOn in place of On', 'NICo nv-redfish', {
    resetTypes: allResetTypes.filter((type) => type !== 'On'),
  }),
  'button-only': quirk('switches on by its power button only', 'HPE iLO', {
    resetTypes: ['PushPowerButton', 'ForceOff'],
  }),
  'conflict-when-reached': quirk('answers 409 when the state is reached', 'Ironic rn catch-redfish-409', {
    alreadyThere: 409,
  }),
  'bad-request-when-reached': quirk('answers 400 when the state is reached', 'Ironic', {
    alreadyThere: 400,
  }),
  'reset-too-soon': quirk('answers 409 to a reset within 20 s of another', 'iDRAC10; LP 2162995', {
    coolDownMs: 20_000,
  }),
  'task-for-reset': quirk('answers a reset with 202 and a task', 'DSP0266 "Asynchronous operations"', {
    tasks: { retryAfterSeconds: 0, end: 'completed', looks: 1 },
  }),
  'task-vanishes': quirk('forgets the task at once', 'iDRAC below 5.00; sushy dell 404', {
    tasks: { retryAfterSeconds: 0, end: 'vanish', looks: 0 },
  }),
  'task-late': quirk('has no task for the first looks', 'Dell; rn idrac-import-configuration', {
    tasks: { retryAfterSeconds: 0, end: 'late', looks: 2 },
  }),
  'task-in-body': quirk('names the task in the body only', 'sushy taskmonitor', {
    tasks: { retryAfterSeconds: 0, end: 'body', looks: 1 },
  }),

  'boot-in-settings': quirk(
    'takes boot properties at the settings resource',
    'iDRAC10, ASRock Rack, Nokia; sushy check-for-boot-attrs, gofish SetBoot',
    { bootIn: 'settings' },
  ),
  'boot-without-mode': quirk('has no BootSourceOverrideMode', 'rn redfish-boot-mode-override', {
    bootMode: 'absent',
  }),
  'boot-needs-all': quirk('wants all boot properties', 'AMI, ASRock Rack; Ironic management VENDORS', {
    bootNeedsAll: true,
  }),
  'boot-once-refused': quirk('takes a boot override only for good', 'NICo nv-redfish', {
    bootOnce: 'refused',
  }),
  'boot-once-stays': quirk('stores Once as Continuous', 'kubevirtbmc#165', { bootOnce: 'continuous' }),
  'boot-ignored': quirk('says yes to a boot override and does nothing', 'dell provider#138', {
    bootOnce: 'ignored',
  }),
  'boot-continuous-refused': quirk('takes no boot override for good', 'story 2007733', {
    bootContinuousRefused: true,
  }),
  'boot-forgets-enabled': quirk('disables the override when Enabled is left out', 'story 2008547', {
    bootForgetsEnabled: true,
  }),
  'boot-none-refused': quirk('refuses the boot target None', 'metal-operator#998', {
    bootNoneRefused: true,
  }),
  'boot-refused-in-post': quirk('takes no boot override during POST', 'iLO; LP 2136275', {
    bootRefusedInPost: true,
    postMs: 20_000,
  }),
  'no-disk-target': quirk('offers no boot target Hdd', 'Ironic; sushy-tools', {
    bootTargets: ['None', 'Pxe', 'Cd', 'BiosSetup'],
  }),
  'usb-cd': quirk('calls its virtual CD UsbCd', 'Supermicro; sushy', {
    bootTargets: ['None', 'Pxe', 'UsbCd', 'Hdd', 'BiosSetup'],
  }),

  'media-under-manager': quirk('has virtual media under the manager', 'DSP2046 before 2020.4', {
    mediaIn: 'manager',
  }),
  'media-by-patch': quirk('takes an image by PATCH only', 'Lenovo; bmclib virtual_media', {
    mediaBy: 'patch',
  }),
  'media-image-only': quirk('refuses Inserted and WriteProtected', 'Supermicro X11, X12; sushy', {
    mediaTakes: 'image',
  }),
  'media-needs-transfer': quirk('demands TransferProtocolType and TransferMethod', 'Nokia; sushy', {
    mediaTakes: 'transfer',
  }),
  'media-stays-inserted': quirk('says Inserted after an eject', 'bmclib virtual_media', {
    mediaStaysInserted: true,
  }),
  'media-eject-needs-body': quirk('wants {} in an eject', 'HPE iLO; LP 2125571', {
    mediaEjectNeedsBody: true,
  }),
  'bmc-reset-graceful': quirk('restarts itself by GracefulRestart only', 'Dell iDRAC', {
    managerResetTypes: ['GracefulRestart'],
  }),
  'bmc-away': quirk('is away for two minutes when it restarts', 'xcat#3310', { awayMs: 120_000 }),
  'old-environment': quirk('has Thermal and Power in place of sensors', 'DSP2046 before Chassis 1.15', {
    environment: 'thermal',
  }),
  slow: quirk('takes a second to answer', 'Ironic, iDRAC driver', { latencyMs: 1_000, latencySpreadMs: 500 }),
} satisfies Record<string, Quirk>;

export type QuirkName = keyof typeof quirks;

export const quirkNames = Object.keys(quirks) as QuirkName[];

export function isQuirk(name: string): name is QuirkName {
  return Object.hasOwn(quirks, name);
}
