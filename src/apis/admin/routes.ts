import type { Api } from '../api.ts';

export function adminApi(_cloud: unknown): Api {
  return {
    name: 'admin',
    title: 'admin',
    routes: [],
    toError: (error, { requestId }) => ({ statusCode: 500, body: { error: error.facts, requestId } }),
  };
}
