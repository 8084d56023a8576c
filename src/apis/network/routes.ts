import type { Api } from '../api.ts';

export function networkApi(_cloud: unknown): Api {
  return {
    name: 'network',
    title: 'network',
    routes: [],
    toError: (error, { requestId }) => ({ statusCode: 500, body: { error: error.facts, requestId } }),
  };
}
