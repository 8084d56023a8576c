/**
 * The identity API where an external Keystone looks after it: whoever asks here is sent there, with method and body
 * (307), and discovery at the root names it.
 */
import { notAllowed } from '../../core/errors.ts';
import type { Answer, Api, Call, Route } from '../api.ts';
import { toError } from './errors.ts';
import { toVersions } from './versions.ts';

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** @param keystone with its version: `https://keystone.example.com/v3` */
export function externalIdentityApi(keystone: string): Api {
  const route = (
    id: string,
    method: Route['method'],
    path: string,
    summary: string,
    handle: Route['handle'],
  ): Route => ({ id, method, path, summary, access: 'open', audited: false, handle });
  const redirect = (call: Call) => sendOn(keystone, call);
  return {
    name: 'identity',
    title: 'Identity (an external Keystone)',
    toError,
    routes: [
      route('list_versions', 'GET', '/', 'Name the Keystone that looks after identity', () =>
        toVersions(keystone),
      ),
      ...methods.flatMap((method) => [
        route('version', method, '/v3', 'Go to the external Keystone', redirect),
        route('external', method, '/v3/*', 'Go to the external Keystone', redirect),
        route('iam', method, '/v3.0/*', 'Say that there are no access keys here', () => {
          throw notAllowed(
            `Identity is looked after by the Keystone at ${keystone}; there are no access keys here.`,
          );
        }),
      ]),
    ],
  };
}

function sendOn(keystone: string, { path }: Call): Answer {
  const location = keystone + path.slice('/v3'.length);
  const message = `Identity is looked after by the Keystone at ${keystone}.`;
  return {
    statusCode: 307,
    headers: { location },
    body: { error: { code: 307, title: 'Temporary Redirect', message } },
  };
}
