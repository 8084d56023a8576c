/** What would keep a server from stopping: streams, uploads that have fallen silent, connections without a request. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Api } from './api.ts';

/** For an answer to get through before its connection is closed. */
const lastWordMs = 500;

/** Ends them when the server begins to stop. @returns whom to tell of each upload */
export function endAtStop(app: FastifyInstance, apis: Api[]): (upload: IncomingMessage) => void {
  const unused = trackUnusedConnections(app);
  const uploads = new Set<IncomingMessage>();
  app.addHook('preClose', async () => {
    for (const api of apis) api.close?.();
    for (const socket of unused) socket.destroy();
    // They have been told that they are too late; a sender that falls silent would never hear it.
    setTimeout(() => {
      for (const upload of uploads) upload.destroy();
    }, lastWordMs);
  });
  return (upload) => {
    uploads.add(upload);
    upload.once('close', () => uploads.delete(upload));
  };
}

/**
 * Connections on which nothing was asked yet; browsers and undici open them in advance. Node does not count them as
 * idle, so that a stop would wait for them until its request timeout (seen with Node 24).
 */
function trackUnusedConnections({ server }: FastifyInstance): Set<Socket> {
  const unused = new Set<Socket>();
  server.on('connection', (socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  server.on('request', ({ socket }) => unused.delete(socket));
  return unused;
}
