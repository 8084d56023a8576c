/**
 * What calls are called in the audit trail (Cloud Trace). Operations on servers have published names, whichever API they
 * came through; everything else is called after its documented permission or its route.
 */
import { operationKinds, type Operation } from '../core/operations.ts';
import type { Route } from './api.ts';

type Word = (body: Record<string, unknown>) => Operation | undefined;

const always =
  (operation: Operation): Word =>
  () =>
    operation;

/** By the key of the body, as actions of Nova and BMS v1 have it. */
const keys = new Map<string, Operation>([
  ['os-start', 'start'],
  ['os-stop', 'stop'],
  ['reboot', 'restart'],
  ['rebuild', 'rebuild'],
]);
const byKey: Word = (body) => keys.get(Object.keys(body)[0] ?? '');

const powerWords = new Map<unknown, Operation>([
  ['power on', 'start'],
  ['power off', 'stop'],
  ['rebooting', 'force-restart'],
]);
const byPowerWord: Word = ({ action }) => powerWords.get(action);

const operations: Record<string, Record<string, Word>> = {
  'bms-v1': {
    V03: always('create'),
    V07: always('delete'),
    'V09-V11': byKey,
    V12: always('reinstall-os'),
    V13: always('rebuild'),
  },
  'nova-v2.1': { N03: always('create'), N04: always('delete'), 'N09-N11': byKey },
  clouddc: {
    C01: always('create'),
    C02: always('create'),
    C05: always('delete'),
    C06: always('delete'),
    C07: always('reinstall-os'),
    C14: byPowerWord,
  },
  billing: { unsubscribe: always('delete') },
};

/**
 * @param permission that of the call, where it has one
 * @param body as parsed, where it was; the words of an action are in it
 */
export function toAuditName(api: string, route: Route, permission: string | null, body: unknown): string {
  const word = operations[api]?.[route.id.replace(/-legacy$/, '')];
  const operation = word?.(isObject(body) ? body : {});
  if (operation) return operationKinds[operation].auditName;
  if (route.id === 'create_token') return 'login';
  const ownWord = isObject(body) && route.path.endsWith('/action') ? Object.keys(body)[0] : undefined;
  return toCamel(ownWord ?? permission?.split(':').at(-1) ?? route.id);
}

/** `create_user` → `createUser`; only what may stand in a name of a trace. */
function toCamel(text: string): string {
  return text
    .replace(/[-_ ]+(\w)/g, (_, letter: string) => letter.toUpperCase())
    .replace(/[^\w.-]/g, '')
    .slice(0, 64);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value);
}
