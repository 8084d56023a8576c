/** Signs requests as clients do, written apart from the code that verifies. */
import { createHash, createHmac } from 'node:crypto';

export interface KeyPair {
  access: string;
  secret: string;
}

export interface Unsigned {
  method: string;
  /** With every escape, and the query in order. */
  url: string;
  body?: string | undefined;
  headers?: Record<string, string>;
}

/** All headers for the request. Those given are signed, and the date. */
export function sign(
  { access, secret }: KeyPair,
  { method, url, body = '', headers = {} }: Unsigned,
  { at = Date.now(), isOtc = false } = {},
): Record<string, string> {
  const date = new Date(at).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const day = date.slice(0, 8);
  const all = { ...headers, 'x-sdk-date': date };
  const names = Object.keys(all).sort();
  const [path = '', query = ''] = url.split('?', 2);
  const canonical = [
    method,
    path.endsWith('/') ? path : `${path}/`,
    query,
    ...names.map((name) => `${name}:${all[name as 'x-sdk-date']}`),
    '',
    names.join(';'),
    createHash('sha256').update(body).digest('hex'),
  ].join('\n');
  const scope = isOtc ? [`${day}///sdk_request`] : [];
  const hash = createHash('sha256').update(canonical).digest('hex');
  const key = isOtc ? [day, '', '', 'sdk_request'].reduce<string | Buffer>(hmac, `SDK${secret}`) : secret;
  const signature = hmac(key, ['SDK-HMAC-SHA256', date, ...scope, hash].join('\n')).toString('hex');
  const credential = isOtc ? `Credential=${access}/${scope[0]}` : `Access=${access}`;
  const authorization = `SDK-HMAC-SHA256 ${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return { ...all, authorization };
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
