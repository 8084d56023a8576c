/**
 * The WebSocket of a serial console. Frames carry bytes as they are, binary or text; what the machine writes comes in
 * binary ones. Of the subprotocols of websockify `binary` is chosen when it is offered (nova-serialproxy's clients do).
 */
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import { IngotError } from '../../core/errors.ts';
import type { Consoles, Grant, Seat } from '../../engine/consoles/consoles.ts';
import { toFailure } from './errors.ts';

export interface SerialConsoleRoom {
  consoles: Pick<Consoles, 'redeem' | 'watch'>;
  log: (error: unknown, message: string) => void;
}

/** A frame of what people type. */
const longestFrame = 64 * 1024;
/** Who does not read is let go, before the memory fills. */
const mostUnread = 1024 * 1024;
/** So often it is asked whether the other side is still there, in milliseconds. */
const pingEveryMs = 30_000;
/** A reason must fit into a control frame (RFC 6455, 5.5). */
const longestReason = 120;

/** RFC 6455, 7.4.1. */
const closeCodes = { over: 1000, leaving: 1001, refused: 1008, failed: 1011, later: 1013 } as const;

export function acceptConsole({ consoles, log }: SerialConsoleRoom) {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: longestFrame,
    handleProtocols: (offered) => (offered.has('binary') ? 'binary' : false),
  });
  let isClosed = false;

  async function enter(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const token = new URL(request.url ?? '/', 'http://localhost').searchParams.get('token') ?? '';
    const grant = await consoles.redeem(token);
    if (isClosed) return void socket.destroy();
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      seat(webSocket, grant).catch((error: unknown) => {
        if (!(error instanceof IngotError)) log(error, 'a console could not be opened');
        end(webSocket, ...toClosing(error));
      });
    });
  }

  async function seat(webSocket: WebSocket, grant: Grant): Promise<void> {
    keepAlive(webSocket);
    const early: RawData[] = [];
    let take = (data: RawData): void => void early.push(data);
    webSocket.on('message', (data) => take(data));
    webSocket.on('error', () => webSocket.terminate());
    const seated = await consoles.watch(grant, {
      show(bytes) {
        if (webSocket.readyState !== webSocket.OPEN) return;
        if (webSocket.bufferedAmount > mostUnread) return end(webSocket, closeCodes.refused, 'Too slow');
        webSocket.send(bytes, { binary: true });
      },
      end: (reason) => end(webSocket, isClosed ? closeCodes.leaving : closeCodes.over, reason),
    });
    if (webSocket.readyState !== webSocket.OPEN) return seated.leave();
    webSocket.on('close', () => seated.leave());
    take = typeInto(seated);
    early.forEach(take);
  }

  return {
    accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
      enter(request, socket, head).catch((error: unknown) => {
        const known = error instanceof IngotError ? error : null;
        if (!known) log(error, 'a link to a console could not be used');
        refuse(socket, known ?? new IngotError({ kind: 'internal', message: 'Internal error.' }));
      });
    },
    close(): void {
      isClosed = true;
      for (const webSocket of sockets.clients) end(webSocket, closeCodes.leaving, 'Ingot is stopping');
    },
  };
}

function typeInto(seated: Seat): (data: RawData) => void {
  return (data) => seated.type(Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer));
}

/** Before it is a WebSocket, an answer of HTTP says most. */
function refuse(socket: Duplex, error: IngotError): void {
  const { statusCode, body } = toFailure(error);
  const text = JSON.stringify(body);
  socket.end(
    `HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode]}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
  );
}

function end(webSocket: WebSocket, code: number, reason: string): void {
  webSocket.close(code, Buffer.from(reason).subarray(0, longestReason));
}

function toClosing(error: unknown): [code: number, reason: string] {
  if (!(error instanceof IngotError)) return [closeCodes.failed, 'Internal error.'];
  const isForLater = error.kind === 'conflict' || error.kind === 'unavailable';
  return [isForLater ? closeCodes.later : closeCodes.failed, error.message];
}

function keepAlive(webSocket: WebSocket): void {
  let isThere = true;
  webSocket.on('pong', () => void (isThere = true));
  const timer = setInterval(() => {
    if (!isThere) return webSocket.terminate();
    isThere = false;
    webSocket.ping();
  }, pingEveryMs);
  timer.unref();
  webSocket.on('close', () => clearInterval(timer));
}
