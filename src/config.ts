/** Every setting: name, default, check and one line of help. `docs/settings.md` is generated from this table. */

import { isIP, isIPv4 } from 'node:net';

interface Setting<T> {
  env: string;
  /** As the documentation shows it. */
  default: string;
  help: string;
  /** Throws with a sentence that names the setting. */
  parse(text: string | undefined): T;
}

class SettingError extends Error {}

function text(env: string, byDefault: string, help: string): Setting<string> {
  return { env, default: byDefault, help, parse: (given) => given || byDefault };
}

/** Null when it is not given. */
function ifGiven<T>(env: string, shown: string, help: string, read: (given: string) => T): Setting<T | null> {
  return { env, default: shown, help, parse: (given) => (given ? read(given) : null) };
}

function optional(env: string, shown: string, help: string): Setting<string | null> {
  return ifGiven(env, shown, help, (given) => given);
}

/** @param forms how it may begin */
function url(
  env: string,
  shown: string,
  forms: RegExp,
  example: string,
  help: string,
): Setting<string | null> {
  return ifGiven(env, shown, help, (given) => {
    const isHttp = /^http/i.test(given);
    // Not repeated in the message: a password may stand in it.
    if (!forms.test(given) || (isHttp && !URL.canParse(given)))
      throw new SettingError(`${env} is no such address as ${example}.`);
    return isHttp ? given.replace(/\/+$/, '') : given;
  });
}

function number(env: string, byDefault: number, least: number, most: number, help: string): Setting<number> {
  return {
    env,
    default: String(byDefault),
    help,
    parse(given) {
      if (given === undefined || given === '') return byDefault;
      const value = Number(given);
      if (!Number.isFinite(value) || value < least || value > most) {
        throw new SettingError(`${env} is "${given}"; it must be a number from ${least} to ${most}.`);
      }
      return value;
    },
  };
}

function oneOf<const T extends string>(env: string, words: readonly T[], help: string): Setting<T> {
  return {
    env,
    default: words[0]!,
    help,
    parse(given) {
      const word = words.find((it) => it === (given || words[0]));
      if (word === undefined)
        throw new SettingError(`${env} is "${given}"; it must be one of ${words.join(', ')}.`);
      return word;
    },
  };
}

function switched(env: string, byDefault: boolean, help: string): Setting<boolean> {
  const words = byDefault ? (['on', 'off'] as const) : (['off', 'on'] as const);
  const { parse, ...rest } = oneOf(env, words, help);
  return { ...rest, parse: (given) => parse(given) === 'on' };
}

/** IPv4 addresses, `10.77.0.100-10.77.0.200`. */
function range(env: string, shown: string, help: string): Setting<{ first: string; last: string } | null> {
  return ifGiven(env, shown, help, (given) => {
    const [first = '', last = '', ...rest] = given.split('-').map((part) => part.trim());
    if (isIPv4(first) && isIPv4(last) && rest.length === 0) return { first, last };
    throw new SettingError(`${env} is "${given}"; it must be a range like 10.77.0.100-10.77.0.200.`);
  });
}

function list(env: string, shown: string, help: string): Setting<string[]> {
  const parse = (given: string | undefined) => (given ?? '').split(/[\s,]+/).filter((part) => part !== '');
  return { env, default: shown, help, parse };
}

/** Addresses and networks, `10.0.0.7, fd00::/8`. */
function networks(env: string, help: string): Setting<string[]> {
  const { parse, ...rest } = list(env, 'none', help);
  const isNetwork = (given: string) => {
    const [address = '', prefix, ...more] = given.split('/');
    const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)]!;
    return (
      bits > 0 && more.length === 0 && (prefix === undefined || (/^\d+$/.test(prefix) && +prefix <= bits))
    );
  };
  return {
    ...rest,
    parse(given) {
      const all = parse(given);
      const wrong = all.find((one) => !isNetwork(one));
      if (wrong === undefined) return all;
      throw new SettingError(
        `${env} has "${wrong}"; it must be addresses or networks like 10.0.0.7, fd00::/8.`,
      );
    },
  };
}

export const settings = {
  host: text('INGOT_HOST', '127.0.0.1', 'listen address'),
  port: number('INGOT_PORT', 8774, 0, 65_535, 'listen port; 0 takes any free one'),
  publicUrl: url(
    'INGOT_PUBLIC_URL',
    "from the request's Host",
    /^https?:\/\/[^/?#]/i,
    'https://cloud.example.com',
    'origin used in links and in the catalog',
  ),
  trustedProxies: networks(
    'INGOT_TRUSTED_PROXIES',
    'reverse proxies, addresses or networks by commas, whose X-Forwarded-For says where a request comes from',
  ),
  data: text('INGOT_DATA', './data', 'data folder: embedded database, key, credentials'),
  databaseUrl: url(
    'DATABASE_URL',
    'unset',
    /^(postgres(ql)?:\/\/|socket:|\/)/i,
    'postgresql://user:password@host/database',
    'PostgreSQL 15 or later instead of the embedded one',
  ),
  region: text('INGOT_REGION', 'eu-de', 'region, prefix of the zones, and name of the first project'),
  adminPassword: optional('INGOT_ADMIN_PASSWORD', 'generated', 'password of user admin, at first start only'),
  secretKey: optional(
    'INGOT_SECRET_KEY',
    'made at first start in the data folder',
    'key that seals secrets in the database, 64 hex digits; older ones that still open them follow by commas',
  ),
  simNodes: number('INGOT_SIM_NODES', 24, 0, 1_000_000, 'simulated nodes enrolled at first start'),
  simStepMs: number(
    'INGOT_SIM_STEP_MS',
    300,
    0,
    600_000,
    'how long one simulated hardware step takes, in milliseconds',
  ),
  rateLimit: number(
    'INGOT_RATE_LIMIT',
    1000,
    0,
    1_000_000,
    'requests per second and project, reads and writes each; 0 is off',
  ),
  writeLimit: number(
    'INGOT_WRITE_LIMIT',
    0,
    0,
    1_000_000,
    'writes per second and project where they shall be fewer than reads (Huawei Cloud: 50); 0 is as INGOT_RATE_LIMIT',
  ),
  loginLimit: number(
    'INGOT_LOGIN_LIMIT',
    100,
    0,
    1_000_000,
    'logins per second and source address; 0 is off',
  ),
  bodySeconds: number(
    'INGOT_BODY_SECONDS',
    60,
    0.1,
    3_600,
    'how long the head, and then the body, of a request may take, in seconds; image data excepted',
  ),
  shedLagMs: number(
    'INGOT_SHED_LAG_MS',
    2_000,
    1,
    60_000,
    'lag of the event loop, in milliseconds, from which on lists are refused with 429; writes and logins from twice that on, polled reads never',
  ),
  novaActionStatus: oneOf(
    'INGOT_NOVA_ACTION_STATUS',
    ['auto', '204', '202'],
    'answer to Nova power actions: 204 as documented, 202 as upstream; auto gives 202 to the Go clients that refuse 204',
  ),
  bmsTwins: switched(
    'INGOT_BMS_TWINS',
    true,
    'whether a permission for a bms action (bms:servers:stop) also opens the Nova call, which asks for the ecs one',
  ),
  batchRule: oneOf(
    'INGOT_BATCH_RULE',
    ['mixed', 'all-async', 'strict'],
    'BMS v1 batches with refused servers: failed sub-jobs unless all are refused (mixed), always, or never',
  ),
  workers: number('INGOT_WORKERS', 512, 1, 10_000, 'sub-jobs that this process works on at once'),
  deadlineFactor: number(
    'INGOT_DEADLINE_FACTOR',
    1,
    0.0001,
    1_000,
    'factor on every deadline of the lifecycle',
  ),
  powerSyncSeconds: number(
    'INGOT_POWER_SYNC_SECONDS',
    60,
    0,
    86_400,
    'how often real power is read; 0 is never',
  ),
  healthSeconds: number(
    'INGOT_HEALTH_SECONDS',
    300,
    0,
    86_400,
    'how often the health of the machines is read; 0 is never',
  ),
  bmcTls: oneOf(
    'INGOT_BMC_TLS',
    ['1.2', '1.0'],
    'oldest TLS that is spoken with Redfish BMCs; 1.0 is weak, and for those that know no better',
  ),
  ipmitool: text(
    'INGOT_IPMITOOL',
    'ipmitool',
    'the ipmitool program, which the ipmi driver uses: a name or a path',
  ),
  ipmiSpacingMs: number(
    'INGOT_IPMI_SPACING_MS',
    5_000,
    0,
    600_000,
    'pause between two visits to a BMC over IPMI, in milliseconds; some crash when they are asked more often',
  ),
  retentionMinutes: number(
    'INGOT_RETENTION_MINUTES',
    60,
    0,
    525_600,
    'how long a deleted server stays readable in the BMS and CloudDC APIs',
  ),
  auditDays: number('INGOT_AUDIT_DAYS', 90, 1, 36_500, 'how long the rows of the audit trail are kept'),
  imageFolder: optional(
    'INGOT_IMAGE_FOLDER',
    'images in the data folder',
    'files of images; processes that share a database must share it too',
  ),
  imageCacheGb: number(
    'INGOT_IMAGE_CACHE_GB',
    100,
    0.0001,
    1_000_000,
    'room for all image files together, in GiB',
  ),
  imageLargestGb: number('INGOT_IMAGE_LARGEST_GB', 32, 0.0001, 100_000, 'largest disk of an image, in GiB'),
  imageAllowPrivate: oneOf(
    'INGOT_IMAGE_ALLOW_PRIVATE',
    ['no', 'yes'],
    'whether images may be fetched from private, loopback and link-local addresses',
  ),
  keystoneUrl: url(
    'INGOT_KEYSTONE_URL',
    'unset: identity is looked after here',
    /^https?:\/\/[^/?#]/i,
    'https://keystone.example.com/v3',
    'an external Keystone that looks after identity, with its version: https://keystone.example.com/v3',
  ),
  keystoneUser: text('INGOT_KEYSTONE_USER', 'ingot', 'user there that may validate tokens'),
  keystonePassword: optional('INGOT_KEYSTONE_PASSWORD', 'unset', 'password of that user'),
  keystoneUserDomain: text('INGOT_KEYSTONE_USER_DOMAIN', 'Default', 'domain of that user'),
  keystoneProject: text('INGOT_KEYSTONE_PROJECT', 'service', 'project that it logs in to'),
  keystoneProjectDomain: text('INGOT_KEYSTONE_PROJECT_DOMAIN', 'Default', 'domain of that project'),
  keystoneRecheckSeconds: number(
    'INGOT_KEYSTONE_RECHECK_SECONDS',
    60,
    0,
    86_400,
    'how long a token is believed before the external Keystone is asked again; a revocation there takes as long',
  ),
  tokenHours: number('INGOT_TOKEN_HOURS', 24, 0.0001, 8_760, 'life of a token'),
  bootAddress: optional(
    'INGOT_BOOT_ADDRESS',
    'unset: no network boot',
    'IPv4 address of this process on the provisioning network, where machines get their ramdisk',
  ),
  bootPort: number('INGOT_BOOT_PORT', 8775, 1, 65_535, 'port on that address'),
  bootMethod: oneOf(
    'INGOT_BOOT_METHOD',
    ['network', 'media'],
    'how the ramdisk gets to nodes that have no method of their own: network boot, or virtual media',
  ),
  bootPatienceSeconds: number(
    'INGOT_BOOT_PATIENCE_SECONDS',
    900,
    1,
    86_400,
    'how long a machine may take from power on to the ramdisk before it is started once more',
  ),
  bootInterface: optional('INGOT_BOOT_INTERFACE', 'unset', 'network interface with that address'),
  bootRange: range(
    'INGOT_BOOT_RANGE',
    'unset: somebody else serves DHCP there',
    'addresses that dnsmasq, run by this process, leases to nodes on that interface: 10.77.0.100-10.77.0.200',
  ),
  bootGateway: optional('INGOT_BOOT_GATEWAY', 'unset', 'gateway that it tells them'),
  bootDns: list('INGOT_BOOT_DNS', 'unset', 'name servers that it tells them, separated by commas'),
  bootMetadata: oneOf(
    'INGOT_BOOT_METADATA',
    ['off', 'on'],
    'on: metadata is served at 169.254.169.254, too, which this process puts onto that interface; needs CAP_NET_ADMIN',
  ),
  bootDiscovery: oneOf(
    'INGOT_BOOT_DISCOVERY',
    ['off', 'on'],
    'on: machines that are no nodes get an address and the ramdisk, and are listed (ingot node discovered)',
  ),
  bootKernel: oneOf(
    'INGOT_BOOT_KERNEL',
    ['stock', 'cloud'],
    'kernel of the deploy ramdisk: stock for any hardware, cloud for virtual machines',
  ),
  bootRamdisk: optional(
    'INGOT_BOOT_RAMDISK',
    'built in the data folder',
    'folder with vmlinuz and initrd of the deploy ramdisk',
  ),
  logLevel: oneOf(
    'INGOT_LOG_LEVEL',
    ['warn', 'error', 'info', 'debug', 'silent'],
    'what goes to standard error',
  ),
} satisfies Record<string, Setting<unknown>>;

export type Config = { [Name in keyof typeof settings]: ReturnType<(typeof settings)[Name]['parse']> };

/** Throws SettingError with one sentence for the first setting that is wrong. */
export function readConfig(env: Record<string, string | undefined>): Config {
  const entries = Object.entries(settings).map(([name, setting]) => [name, setting.parse(env[setting.env])]);
  return Object.fromEntries(entries) as Config;
}

/** Variables that look like settings and are none, which a slip of the pen makes. */
export function findUnknown(env: Record<string, string | undefined>): string[] {
  const known = new Set<string>([
    ...Object.values(settings).map((setting) => setting.env),
    ...otherVariables,
  ]);
  return Object.keys(env).filter((name) => /^INGOT_(?!TEST_)/.test(name) && !known.has(name));
}

/** Of the commands that speak to a running Ingot, and of those for developers. */
const otherVariables = ['INGOT_URL', 'INGOT_CHECK_BMC', 'INGOT_IPMI_COMMANDS'];
