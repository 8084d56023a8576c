/**
 * Signatures of requests with an access key and its secret (AK/SK): Huawei Cloud's `Access=`, its derived form V11, and
 * Open Telekom Cloud's `Credential=…/sdk_request`. Pure: a request, a secret and a moment in, yes or no out.
 *
 * Texts here are strings of bytes, one character each (latin1): so come URLs and headers from Node, and so a value in
 * UTF-8 is hashed as it was sent.
 */
import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { unauthenticated, type IngotError } from '../core/errors.ts';

export interface SignedRequest {
  method: string;
  /** Path and query as received. */
  url: string;
  /** Names and values in turn, as received. */
  rawHeaders: string[];
  body: Buffer;
}

type Scheme = 'huawei' | 'derived' | 'otc';

/** What the header Authorization says. */
export interface Signature {
  scheme: Scheme;
  algorithm: string;
  access: string;
  /** What the key is derived for; empty where it is not. */
  scope: string;
  signedHeaders: string[];
  signature: string;
}

export const skewMs = 15 * 60_000;

const dateHeader = 'x-sdk-date';
const payloadHeader = 'x-sdk-content-sha256';
const unsignedPayload = 'UNSIGNED-PAYLOAD';
const algorithmNames = /^(SDK|V\d+|AWS4)-[A-Z0-9-]+(?=\s|$)/;

/** Whether an Authorization is a signature at all, of whatever algorithm. */
export function isSignature(authorization: string | undefined): authorization is string {
  return authorization !== undefined && algorithmNames.test(authorization);
}

/** @throws unauthenticated in the words of the gateway */
export function parseSignature(authorization: string): Signature {
  const [algorithm = ''] = algorithmNames.exec(authorization) ?? [];
  if (algorithm !== 'SDK-HMAC-SHA256' && algorithm !== 'V11-HMAC-SHA256') {
    throw refused(`the algorithm ${algorithm} is not supported`);
  }
  const parts = new Map(
    authorization
      .slice(algorithm.length)
      .split(',')
      .map((part) => splitOnce(part.trim(), '=')),
  );
  const signedHeaders = parts.get('SignedHeaders')?.toLowerCase().split(';') ?? [];
  const signature = parts.get('Signature') ?? '';
  const credential = parts.get('Credential');
  const [access = '', ...scope] = (credential ?? parts.get('Access') ?? '').split('/');
  const scheme = algorithm === 'V11-HMAC-SHA256' ? 'derived' : credential === undefined ? 'huawei' : 'otc';
  const isWhole = access !== '' && scope.length === scopeParts[scheme] && /^[0-9a-f]{64}$/.test(signature);
  if (!isWhole || (scheme === 'otc' && scope.at(-1) !== 'sdk_request')) {
    throw refused('the Authorization header cannot be read');
  }
  return { scheme, algorithm, access, scope: scope.join('/'), signedHeaders, signature };
}

/** Day, region and service; OTC's ends with a fixed word. */
const scopeParts: Record<Scheme, number> = { huawei: 0, derived: 3, otc: 4 };

/** @throws unauthenticated for what can be seen without the secret: the date, and listed headers that are absent */
export function checkForm(request: SignedRequest, { signedHeaders, scope }: Signature, now: number): void {
  const missing = signedHeaders.find((name) => valuesOf(request, name).length === 0);
  if (missing !== undefined) throw refused(`the signed header ${missing} is absent`);
  if (!signedHeaders.includes(dateHeader)) throw refused('X-Sdk-Date is not signed');
  const dates = valuesOf(request, dateHeader);
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(dates[0]!) ?? [];
  const signedAt = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (dates.length > 1 || Number.isNaN(signedAt)) throw refused('X-Sdk-Date is not like 20260102T030405Z');
  if (Math.abs(now - signedAt) > skewMs) throw refused('X-Sdk-Date is more than 15 minutes away from now');
  if (scope !== '' && !scope.startsWith(`${year}${month}${day}/`)) {
    throw refused('the day of the credential is not that of X-Sdk-Date');
  }
}

/** Whether the secret made the signature; the form has been checked. */
export function isSignedBy(secret: string, request: SignedRequest, signature: Signature): boolean {
  const key = keyOf(secret, signature);
  const given = Buffer.from(signature.signature, 'hex');
  return canonicalRequests(request, signature).some((canonical) => {
    const [date] = valuesOf(request, dateHeader);
    const scope = signature.scope === '' ? [] : [signature.scope];
    const text = [signature.algorithm, date, ...scope, sha256(canonical)].join('\n');
    return timingSafeEqual(createHmac('sha256', key).update(text, 'latin1').digest(), given);
  });
}

function keyOf(secret: string, { scheme, access, scope }: Signature): string | Buffer {
  switch (scheme) {
    case 'huawei':
      return secret;
    case 'derived':
      // The hex text, not its bytes (huaweicloud-sdk-core, derived signer).
      return Buffer.from(hkdfSync('sha256', secret, access, scope, 32)).toString('hex');
    case 'otc':
      return derive(`SDK${secret}`, scope.split('/'));
  }
}

function derive(key: string | Buffer, [part, ...rest]: string[]): string | Buffer {
  return part === undefined ? key : derive(createHmac('sha256', key).update(part).digest(), rest);
}

/**
 * The texts that an honest client may have signed. There may be several: the Node SDK escapes a path again that has
 * escapes, and the Python SDK hashes an empty body which it declares unsigned.
 */
export function canonicalRequests(request: SignedRequest, signature: Signature): string[] {
  const { method, url } = request;
  const { scheme, signedHeaders } = signature;
  const [path, query] = splitOnce(url, '?');
  const isForm = scheme === 'otc' && method === 'POST' && request.body.length === 0;
  const line = isForm ? '' : scheme === 'otc' ? toOtcQuery(query) : toQuery(query);
  const headers = signedHeaders.flatMap((name) => {
    const values = valuesOf(request, name).map((value) => tidy(scheme, value));
    // golangsdk sorts the values of one name, one line each.
    return values.sort().map((value) => `${name}:${value}\n`);
  });
  return pathsOf(path).flatMap((text) =>
    payloadHashes(request, isForm ? toForm(query) : null).map((hash) =>
      [method, toPath(text), line, headers.join(''), [...signedHeaders].sort().join(';'), hash].join('\n'),
    ),
  );
}

/** As it is meant, as it came, and as it came before its letters beyond ASCII were escaped: url.parse leaves those. */
function pathsOf(path: string): string[] {
  const halfway = path.replace(/(%[89a-f][0-9a-f])+/gi, decode);
  return [...new Set([decode(path), path, halfway])];
}

/** @param form what gophertelekomcloud hashes in place of a body that is absent */
function payloadHashes(request: SignedRequest, form: string | null): string[] {
  const hash = form === null ? sha256(request.body) : sha256(form);
  const [declared] = valuesOf(request, payloadHeader);
  if (declared === undefined) return [hash];
  if (declared === unsignedPayload) return request.body.length === 0 ? [declared, hash] : [declared];
  return declared.toLowerCase() === hash ? [declared] : [];
}

function toPath(text: string): string {
  const path = text.split('/').map(encode).join('/');
  return path.endsWith('/') ? path : `${path}/`;
}

type Pair = [name: string, value: string];

function pairsOf(query: string): Pair[] {
  const pairs = query.split('&').filter((pair) => pair !== '');
  return pairs.map((pair) => splitOnce(pair.replaceAll('+', ' '), '=').map(decode) as Pair);
}

/** By name, then by value. */
export function toQuery(query: string): string {
  const inOrder = pairsOf(query).sort((one, other) => compare(one[0], other[0]) || compare(one[1], other[1]));
  return inOrder.map(toPair).join('&');
}

/** By name whatever the case, and of a repeated name the first value only (gophertelekomcloud's signer). */
function toOtcQuery(query: string): string {
  const firsts = new Map<string, string>();
  for (const [name, value] of pairsOf(query)) if (!firsts.has(name)) firsts.set(name, value);
  const inOrder = [...firsts].sort(([one], [other]) => compare(one.toLowerCase(), other.toLowerCase()));
  return inOrder.map(toPair).join('&');
}

/** As Go's `url.Values.Encode` writes it. */
function toForm(query: string): string {
  const inOrder = pairsOf(query).sort(([one], [other]) => compare(one, other));
  return inOrder.map(toPair).join('&').replaceAll('%20', '+');
}

const toPair = ([name, value]: Pair) => `${encode(name)}=${encode(value)}`;
const compare = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0);

/** RFC 3986 §2.3: all but the unreserved characters. */
function encode(text: string): string {
  return text.replace(/[^A-Za-z0-9\-_.~]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  });
}

function decode(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}

function tidy(scheme: Scheme, value: string): string {
  return scheme === 'otc' ? value.replace(/\s+/g, ' ') : value.trim();
}

function valuesOf({ rawHeaders }: SignedRequest, name: string): string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]!.toLowerCase() === name);
}

function splitOnce(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function sha256(content: string | Buffer): string {
  const hash = createHash('sha256');
  return (typeof content === 'string' ? hash.update(content, 'latin1') : hash.update(content)).digest('hex');
}

function refused(why: string): IngotError {
  return unauthenticated(`Incorrect IAM authentication information: verify aksk signature fail, ${why}`);
}
