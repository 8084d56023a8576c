import type { Api } from '../api.ts';

export function cloudDcApi(_cloud: unknown): Api {
  return {
    name: 'clouddc',
    title: 'clouddc',
    routes: [],
    toError: (error, { requestId }) => ({ statusCode: 500, body: { error: error.facts, requestId } }),
  };
}
