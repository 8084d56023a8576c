/** Every API as a table of routes, for pages and tests that go through them all. */
import { adminApi } from '../src/apis/admin/routes.ts';
import type { Api, Route } from '../src/apis/api.ts';
import { billingApi } from '../src/apis/billing/routes.ts';
import { bmsApi } from '../src/apis/bms-v1/routes.ts';
import { cloudDcApi } from '../src/apis/clouddc/routes.ts';
import { identityApi } from '../src/apis/identity/routes.ts';
import { imageApi } from '../src/apis/image/routes.ts';
import { networkApi } from '../src/apis/network/routes.ts';
import { novaApi } from '../src/apis/nova-v2.1/routes.ts';
import { serialConsoleApi } from '../src/apis/serial-console/routes.ts';
import { traceApi } from '../src/apis/trace/routes.ts';
import { volumeApi } from '../src/apis/volume/routes.ts';

/** Routes are data: nothing behind them is needed to list them. */
const nothing = {} as never;

export function allApis(): Api[] {
  return [
    identityApi(nothing),
    bmsApi(nothing),
    novaApi(nothing),
    cloudDcApi(nothing),
    imageApi(nothing),
    networkApi(nothing),
    volumeApi(nothing),
    billingApi(nothing),
    traceApi(nothing),
    serialConsoleApi(nothing),
    adminApi(nothing),
  ];
}

/** The same call by an older or another path has the id of the first one and a suffix. */
const suffixes = ['-legacy', '-alias', '-v2'];

/** The id of the call that this route repeats by another path; its own where it repeats none. */
export function originalOf(api: Api, route: Route): string {
  const suffix = suffixes.find((end) => route.id.endsWith(end));
  if (!suffix) return route.id;
  const id = route.id.slice(0, -suffix.length);
  return api.routes.some((other) => other.id === id && other.method === route.method) ? id : route.id;
}
