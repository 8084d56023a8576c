import type { Api } from '../api.ts';

export function imageApi(_cloud: unknown): Api {
  return {
    name: 'image',
    title: 'image',
    routes: [],
    toError: (error, { requestId }) => ({ statusCode: 500, body: { error: error.facts, requestId } }),
  };
}
