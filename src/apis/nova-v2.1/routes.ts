import type { Api } from '../api.ts';

export function novaApi(_cloud: unknown): Api {
  return {
    name: 'nova-v2.1',
    title: 'nova-v2.1',
    routes: [],
    toError: (error, { requestId }) => ({ statusCode: 500, body: { error: error.facts, requestId } }),
  };
}
