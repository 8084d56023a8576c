/** Bodies: kept as bytes, for a signature covers them; then JSON; then held against the route's schema. */
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import type { TLocalizedValidationError } from 'typebox/error';
import { IngotError, invalid } from '../core/errors.ts';
import { isSigned } from './auth.ts';
import { tooLarge } from './failure.ts';

/** 1 MiB holds the largest documented body (1000 servers, 32 KB user data) many times over. */
const bodyLimit = 1_048_576;
/** The gateway's documented limit for signed requests. */
export const signedBodyLimit = 12 * 1_048_576;

/** Of any type: clients send actions with odd or no types, and empty bodies with a JSON type. */
export function keepBytes(app: FastifyInstance): void {
  // A GET may have a body (RFC 9110 §9.3.1). It means nothing, but a signature covers it.
  app.addHttpMethod('GET', { hasBody: true, overrideExisting: true });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(['application/json', '*'], { parseAs: 'buffer' }, (request, body, done) => {
    const isOpen = request.routeOptions.config.ingot?.access === 'open';
    const limit = isSigned(request.headers) && !isOpen ? signedBodyLimit : bodyLimit;
    done(body.length > limit ? tooLarge(limit) : null, body);
  });
}

/**
 * Calls back when a body is not there in time. Without it a caller that sends a byte now and then holds a connection for
 * ever. Image data takes as long as it takes; there an idle connection is the caller's own affair.
 */
export function limitBodyTime(
  app: FastifyInstance,
  seconds: number,
  giveUp: (request: FastifyRequest, reply: FastifyReply) => void,
): void {
  app.addHook('preParsing', async ({ headers, raw, routeOptions }, reply) => {
    const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
    if (!hasBody || routeOptions.config.ingot?.takesStream) return;
    const timer = setTimeout(() => {
      if (raw.complete) return;
      if (reply.sent) raw.destroy();
      else giveUp(reply.request, reply);
    }, seconds * 1_000);
    raw.once('close', () => clearTimeout(timer));
  });
}

/**
 * Listens to a caller who sends more than anybody wants, so that it hears the answer: a connection that ends while its
 * caller still sends is reset, and what was on its way to the caller is lost (RFC 9112 §9.6). `limitBodyTime` ends it.
 */
export function hearOut({ raw }: FastifyRequest, reply: FastifyReply): void {
  void reply.removeHeader('connection');
  raw.resume();
}

/** For routes whose body is handed on as it comes. A signature covers the whole, so that a signed one is read first. */
export function passBytes(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', async ({ headers }: FastifyRequest, payload: IncomingMessage) => {
    // Whoever has read enough leaves the connection open for an answer.
    const bytes = payload.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
    return isSigned(headers) ? collect(bytes, signedBodyLimit) : bytes;
  });
}

async function collect(bytes: AsyncIterable<Buffer>, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.length;
    if (size > limit) throw tooLarge(limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** What `passBytes` made of a body, in one form. */
export async function* toStream(body: unknown): AsyncIterable<Uint8Array> {
  if (Buffer.isBuffer(body)) yield body;
  else if (body) yield* body as AsyncIterable<Uint8Array>;
}

export function parseJson(body: Buffer | undefined): unknown {
  if (!body || body.length === 0) return undefined;
  try {
    const text = body.toString('utf8');
    return JSON.parse(text, mayHideNoText.test(text) ? refuseNoText : undefined);
  } catch (error) {
    if (error instanceof IngotError) throw error;
    throw new IngotError({
      kind: 'invalid',
      code: 'malformed',
      // What some of the parser's messages quote may be a password.
      message: `Malformed JSON: ${(error as Error).message.replace(/, ?\.*".*/s, '')}`,
    });
  }
}

/** Escapes of NUL and of surrogates, which with luck are pairs. */
const mayHideNoText = /\\u(0000|d[89a-f])/i;

/** What PostgreSQL can keep in no text, nor in JSON. */
function refuseNoText(key: string, value: unknown): unknown {
  for (const text of [key, value]) {
    if (typeof text !== 'string' || (text.isWellFormed() && !text.includes('\0'))) continue;
    throw invalid('The request contains a NUL character or half of a surrogate pair.');
  }
  return value;
}

export function bodyValidator(schema: TSchema) {
  // Not before somebody asks: all of them take a tenth of the time that a start takes.
  let compiled: Validator | undefined;
  return (body: unknown) => {
    compiled ??= Compile(schema);
    if (compiled.Check(body)) return { value: body };
    const [first] = compiled.Errors(body);
    const field = first?.instancePath.slice(1).replaceAll('/', '.') ?? '';
    const says = first ? inWords(first) : 'is wrong';
    return { error: invalid(field ? `${field}: ${says}` : `the body ${says}`, field) };
  };
}

function inWords({ keyword, params, message }: TLocalizedValidationError): string {
  if (keyword === 'enum') return `must be one of ${params.allowedValues.join(', ')}`;
  return keyword === 'boolean' ? 'is not known here' : message;
}
