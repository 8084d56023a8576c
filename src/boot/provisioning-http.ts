/**
 * The listener on the provisioning network. Machines without a system speak to it, so there are no accounts: what
 * matters is guarded by the secret of a session or by keys that only the machine in question was given. It is a
 * listener of its own, so that none of it can be reached where the published APIs are.
 */
import fastify, { type FastifyInstance } from 'fastify';
import { openAgentDoor } from './agent-door.ts';
import { openBootDoor } from './boot-door.ts';
import { openMetadataDoor } from './metadata/metadata-door.ts';
import type { ProvisioningRoom } from './provisioning-room.ts';

const mostBodyBytes = 1024 * 1024;

export function createProvisioningHttp(room: ProvisioningRoom): FastifyInstance {
  const http = fastify({
    bodyLimit: mostBodyBytes,
    // Unlike the APIs it keeps nobody's connection in store: machines ask a dozen times and are gone.
    keepAliveTimeout: 5_000,
    routerOptions: { caseSensitive: true },
  });
  // Reports are text whatever they say they are; only the agent's facts are parsed as JSON.
  const asText = { parseAs: 'string' as const };
  http.removeContentTypeParser('text/plain');
  http.addContentTypeParser('*', asText, (_, body, done) => done(null, body));
  http.addContentTypeParser('application/json', asText, (request, body, done) => {
    if (!request.url.startsWith('/agent/hello')) return done(null, body);
    try {
      done(null, JSON.parse(body as string));
    } catch (error) {
      done(Object.assign(error as Error, { statusCode: 400 }));
    }
  });
  http.setErrorHandler(async (error: Error & { statusCode?: number }, _, reply) => {
    const code = error.statusCode ?? 500;
    if (code >= 500) room.log(error, 'a request of the provisioning network failed');
    return reply
      .code(code)
      .type('text/plain')
      .send(code >= 500 ? 'Internal error.\n' : `${error.message}\n`);
  });
  http.setNotFoundHandler(async (_, reply) => reply.code(404).type('text/plain').send('Not found.\n'));
  openBootDoor(http, room);
  openAgentDoor(http, room);
  openMetadataDoor(http, room.metadata);
  return http;
}
