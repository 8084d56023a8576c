/**
 * Sockets for simulated BMCs. All BMCs of a listener share one HTTP or HTTPS server; each has an address or a port of its
 * own, by which a request finds its BMC. So ten thousand of them are ten thousand small listening sockets and no more.
 */
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { gzipSync } from 'node:zlib';
import type { Asked, Json, Reply } from './reply.ts';
import type { BmcSettings } from './settings.ts';
import type { Answer } from './simulated-bmc.ts';

/** Whatever answers like a BMC. */
export interface Answering {
  answer(asked: Asked): Promise<Answer>;
  /** Connections are accepted and never served, as at a BMC that hangs. */
  readonly isSilent?: boolean;
  settings: Pick<BmcSettings, 'encoding' | 'closesConnections'>;
}

export interface ListenerOptions {
  tls?: SecureContextOptions;
}

export class Listener {
  readonly #scheme: 'http' | 'https';
  readonly #server: ReturnType<typeof createHttpServer>;
  readonly #doors: Server[] = [];
  readonly #bmcs = new Map<string, Answering>();
  readonly #open = new Set<Socket>();

  constructor({ tls }: ListenerOptions = {}) {
    this.#scheme = tls ? 'https' : 'http';
    const serve = (request: IncomingMessage, response: ServerResponse) =>
      void this.#serve(request, response).catch(() => request.socket.destroy());
    this.#server = tls ? createHttpsServer(tls, serve) : createHttpServer(serve);
    this.#server.keepAliveTimeout = 60_000;
    // Node knows a list of methods and calls others malformed; DSP0266 "HTTP methods" wants 405.
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      const status = error.code === 'HPE_INVALID_METHOD' ? '405 Method Not Allowed' : '400 Bad Request';
      if (socket.writable) socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
    });
  }

  /** Lets a BMC answer at an address of this machine; port 0 takes any free one. */
  async add(bmc: Answering, host: string, port: number): Promise<{ url: string; port: number }> {
    const door = createTcpServer((socket) => {
      this.#open.add(socket);
      socket.once('close', () => this.#open.delete(socket)).on('error', () => socket.destroy());
      if (!bmc.isSilent) this.#server.emit('connection', socket);
    });
    await new Promise<void>((resolve, reject) => {
      door.once('error', reject).listen({ host, port, backlog: 64 }, resolve);
    });
    this.#doors.push(door);
    const taken = (door.address() as AddressInfo).port;
    this.#bmcs.set(`${host}:${taken}`, bmc);
    return { url: `${this.#scheme}://${host}:${taken}`, port: taken };
  }

  async close(): Promise<void> {
    const closed = this.#doors.map((door) => new Promise((resolve) => door.close(resolve)));
    this.#server.closeAllConnections();
    this.#open.forEach((socket) => socket.destroy());
    await Promise.all(closed);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    const bmc = this.#bmcs.get(`${socket.localAddress?.replace('::ffff:', '')}:${socket.localPort}`);
    if (!bmc) return void socket.destroy();
    const asked = await read(request);
    const answer = await bmc.answer(asked);
    if (bmc.isSilent) return;
    if (answer === 'drop') return void socket.destroy();
    send(response, asked, answer, bmc.settings);
  }
}

async function read(request: IncomingMessage): Promise<Asked> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString();
  const url = request.url ?? '/';
  // DSP0266: with and without a slash at the end the same resource is named.
  const path = decodeURIComponent(url.split(/[?#]/)[0]!).replace(/(?<=.)\/$/, '');
  const body = parse(text);
  const { method = 'GET', headers } = request;
  return { method, path, url, headers, body: body ?? {}, hasBody: text !== '', isMalformed: body === null };
}

/** An empty body is an empty object; null: no JSON object. */
function parse(text: string): Json | null {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : null;
  } catch {
    return null;
  }
}

function send(
  response: ServerResponse,
  { method, headers }: Asked,
  reply: Reply,
  { encoding, closesConnections }: Answering['settings'],
): void {
  const text = reply.text?.content ?? (reply.body === undefined ? '' : JSON.stringify(reply.body));
  const isWelcome = /gzip|\*/i.test(String(headers['accept-encoding'] ?? '*'));
  const isPacked = text !== '' && (encoding === 'always' || (encoding === 'gzip' && isWelcome));
  const bytes = isPacked ? gzipSync(text, { level: 1 }) : Buffer.from(text);
  const etag = reply.headers?.['ETag'];
  response.writeHead(reply.statusCode, {
    'OData-Version': '4.0',
    'Cache-Control': 'no-cache',
    'Content-Length': bytes.length,
    ...(text === '' ? {} : { 'Content-Type': reply.text?.type ?? 'application/json; charset=utf-8' }),
    ...(isPacked ? { 'Content-Encoding': 'gzip' } : {}),
    ...(closesConnections ? { Connection: 'close' } : {}),
    ...reply.headers,
    // Compression makes another representation, hence a weak tag (RFC 9110 8.8.3.3).
    ...(isPacked && etag && !etag.startsWith('W/') ? { ETag: `W/${etag}` } : {}),
  });
  response.end(method === 'HEAD' ? undefined : bytes);
}
