/**
 * Connections that leave HTTP for a WebSocket. Only the paths of APIs that take them do; every other request that would
 * like another protocol is answered as if it had not asked (RFC 9110, 7.8: a server may ignore Upgrade), for Java's HTTP
 * client asks for HTTP/2 that way with each first request.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Api } from './api.ts';

/** For Node's `shouldUpgradeCallback`, which Node has from 22.21 and 24.9 on. */
export function createUpgradeRule(apis: Api[]): (request: IncomingMessage) => boolean {
  return (request) => findApi(apis, request) !== undefined;
}

export function takeUpgrades(server: Server, apis: Api[]): void {
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const api = findApi(apis, request);
    if (api) return api.upgrades!.accept(request, socket, head);
    // An older Node asks nobody.
    socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  });
}

function findApi(apis: Api[], { url = '', headers }: IncomingMessage): Api | undefined {
  if (headers.upgrade?.toLowerCase() !== 'websocket') return undefined;
  const path = url.split('?', 1)[0]!.replace(/\/$/, '');
  return apis.find((api) => api.upgrades?.path === path);
}
