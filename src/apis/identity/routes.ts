import type { Api } from '../api.ts';

export function identityApi(_cloud: unknown): Api {
  return {
    name: 'identity',
    title: 'identity',
    routes: [],
    toError: (error, { requestId }) => ({ statusCode: 500, body: { error: error.facts, requestId } }),
  };
}
