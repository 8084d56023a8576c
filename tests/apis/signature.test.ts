/** Signatures against vectors: those of independent implementations, and the published ones of Huawei's Go SDK. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  canonicalRequests,
  checkForm,
  isSignature,
  isSignedBy,
  parseSignature,
  toQuery,
  type SignedRequest,
} from '../../src/apis/signature.ts';

const access = 'AKEXAMPLE0000000001';
const secret = 'SKexampleSecret0000000000000000000000001';
const project = '0123456789abcdef0123456789abcdef';
const common = { 'X-Sdk-Date': '20260102T030405Z', Host: '127.0.0.1:8774' };
const signedAt = Date.UTC(2026, 0, 2, 3, 4, 5);
const minute = 60_000;

interface Vector {
  name: string;
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: string;
  signedHeaders: string;
  /** SHA-256 of the canonical request, where it is known. */
  hash?: string;
  signature: string;
  credential?: string;
  algorithm?: string;
  secret?: string;
}

const golang = { Accept: 'application/json', 'User-Agent': 'golangsdk/2.0.0' };
const otc = `Credential=${access}/20260102///sdk_request`;
const published = {
  headers: { 'X-Sdk-Date': '20060102T150405Z' },
  signedHeaders: 'x-sdk-date',
  credential: 'Access=AccessKey',
  secret: 'SecretKey',
};
const derived = {
  ...published,
  algorithm: 'V11-HMAC-SHA256',
  credential: 'Credential=AccessKey/20060102/test-region-1/demo',
};
const get = { method: 'GET', url: '/path?limit=1' };
const post = { method: 'POST', url: '/path?key=value', body: '{"Name":"test","Id":1}\n' };

const vectors: Vector[] = [
  {
    name: 'C1: an action',
    method: 'POST',
    url: `/v1/${project}/baremetalservers/action`,
    headers: { ...common, 'Content-Type': 'application/json', 'X-Project-Id': project },
    body: '{"os-stop":{"servers":[{"id":"95bf2490-5428-432c-ad9b-5e3406f869dd"}],"type":"HARD"}}',
    signedHeaders: 'content-type;host;x-project-id;x-sdk-date',
    hash: 'e14bc02c89cd170426c506161cbb6484f3c8e0a1225eb138e4b4d718e917ec60',
    signature: 'eff9c4913c4d33fdd04264df4591f7b89d0472826f7f01ba412509baa0404a36',
  },
  {
    name: 'C2: a security token',
    method: 'GET',
    url: `/v1/${project}/instances/0198170e-4ca7-7ee4-8a0a-31e1b3f8b7c1/status`,
    headers: { ...common, 'X-Project-Id': project, 'X-Security-Token': 'STSTOKEN/abc+def==' },
    signedHeaders: 'host;x-project-id;x-sdk-date;x-security-token',
    hash: 'd06c4a55e6be7d41b5f0b6e67246379e2a8d983c5c1c7036449a1a3d5550b4d9',
    signature: '936c24de8bc650e8538e5e841f032ffebaf0cfcf8ea3279c4d8b2ba628fb58e9',
  },
  {
    name: 'C3: a query, and no host',
    method: 'GET',
    url: `/v1/${project}/baremetalservers/detail?status=ACTIVE&name=a%20b&tags=&limit=10`,
    headers: { ...common, ...golang, 'Content-Type': 'application/json' },
    signedHeaders: 'accept;content-type;user-agent;x-sdk-date',
    hash: 'b6b445288889faa99aaac9dd4685effa5ed146db53f9e05fb03fdad9053b7b4c',
    signature: 'e5ec215c63a21f66e3d9cba962145ee785cd6ef4e839cfa2c18dacb36fc1e0cd',
  },
  {
    name: 'C4: a body that is not signed',
    method: 'POST',
    url: '/v1/p/a%20b?z=1&a=%E4%B8%80',
    headers: {
      ...common,
      'Content-Type': 'application/octet-stream',
      'X-Sdk-Content-Sha256': 'UNSIGNED-PAYLOAD',
    },
    body: 'ignored',
    signedHeaders: 'content-type;x-sdk-content-sha256;x-sdk-date',
    hash: '7fb86367bde1fc28f6d04a2bc372550c2f5a52799fecfa20cdd64d6af9af814d',
    signature: '150cdf08d9484aa5dca60b5daa753c7f0b454234969b77e655c7288bbaf2a6e0',
  },
  {
    name: 'P: a GET',
    ...get,
    ...published,
    signature: '5a2ce64c865e0e6046321c6f3d5a77ba8413eeaf355c3166c03d58d02ac79624',
  },
  {
    name: 'P: a POST that ends with a line feed',
    ...post,
    ...published,
    signature: 'cecc2af119b18ab70b4d094c0750f3b42c02f254903179a0fc2cc72fc9db4f59',
  },
  {
    name: 'P: a POST that does not',
    ...post,
    body: post.body.trim(),
    ...published,
    signature: '83599e5230b5b31fb58837c5760b4c2d407542df1f9493834ead538696e17a35',
  },
  {
    name: 'P: a GET with a derived key',
    ...get,
    ...derived,
    signature: '8fd3610508884bb19718317797c7378716a94bc740d97502e569322e366341cc',
  },
  {
    name: 'P: a POST with a derived key',
    ...post,
    ...derived,
    signature: '4112f88b92d82dd1e1b7dd142f1e99e4f1762c42ca8fe0968b3045120870a903',
  },
  {
    name: 'O1: a query',
    method: 'GET',
    url: `/v2.1/${project}/servers/detail?status=ACTIVE&name=a%20b`,
    headers: { ...common, ...golang, 'X-OpenStack-Nova-API-Version': '2.26' },
    signedHeaders: 'accept;host;user-agent;x-openstack-nova-api-version;x-sdk-date',
    credential: otc,
    signature: 'aba485c876d56aebe8a1395c61a816f577eb47fa16ff1f036326d5f329b6f7eb',
  },
  {
    name: 'O2: a body',
    method: 'POST',
    url: `/v2.1/${project}/servers/s1/action`,
    headers: { ...common, ...golang, 'Content-Type': 'application/json' },
    body: '{"os-stop":null}',
    signedHeaders: 'accept;content-type;host;user-agent;x-sdk-date',
    credential: otc,
    signature: '0657332ea7f771669652599df6fd597db60cfee215ec1ff4ef542b9b52c06b44',
  },
  {
    name: 'O3: a query in place of a body',
    method: 'POST',
    url: '/v1/p/x?b=2&a=1',
    headers: { ...common, ...golang },
    signedHeaders: 'accept;host;user-agent;x-sdk-date',
    credential: otc,
    signature: '0f0e10993d5e77d0c0fa3411598743abf8f51e6b4354e5f5a5639c39da3c64ad',
  },
];

const c1 = vectors[0]!;
const c2 = vectors[1]!;
const c3 = vectors[2]!;
const c4 = vectors[3]!;

const requestOf = ({ method, url, headers, body = '' }: Vector): SignedRequest => ({
  method,
  url,
  rawHeaders: Object.entries(headers).flat(),
  body: Buffer.from(body),
});

const authorizationOf = ({ algorithm, credential, signedHeaders, signature }: Vector) =>
  `${algorithm ?? 'SDK-HMAC-SHA256'} ${credential ?? `Access=${access}`}, SignedHeaders=${signedHeaders}, Signature=${signature}`;

const isGood = (vector: Vector, request = requestOf(vector)) =>
  isSignedBy(vector.secret ?? secret, request, parseSignature(authorizationOf(vector)));

const refusal = (act: () => unknown) => {
  try {
    act();
    return 'none';
  } catch (error) {
    return (error as Error).message;
  }
};
const because = (why: string) =>
  `Incorrect IAM authentication information: verify aksk signature fail, ${why}`;

describe.each(vectors)('the vector $name', (vector) => {
  it('is verified', () => {
    expect(isGood(vector)).toBe(true);
    if (vector.hash === undefined) return;
    const hashes = canonicalRequests(requestOf(vector), parseSignature(authorizationOf(vector))).map((text) =>
      createHash('sha256').update(text).digest('hex'),
    );
    expect(hashes).toContain(vector.hash);
  });

  it('is not when anything else was asked', () => {
    const request = requestOf(vector);
    const others: Partial<SignedRequest>[] = [
      { method: 'DELETE' },
      { url: vector.url.replace('/', '/x') },
      { url: `${vector.url}${vector.url.includes('?') ? '&' : '?'}more=1` },
      { rawHeaders: request.rawHeaders.map((it) => (it.startsWith('20') ? it.replace('5Z', '6Z') : it)) },
    ];
    if (vector !== c4) others.push({ body: Buffer.from(`${vector.body ?? ''} `) });
    for (const other of others) expect(isGood(vector, { ...request, ...other })).toBe(false);
    expect(isGood({ ...vector, secret: 'other' })).toBe(false);
    expect(isGood({ ...vector, signature: vector.signature.replace(/^./, 'f') })).toBe(
      vector.signature.startsWith('f'),
    );
  });
});

describe('the canonical request', () => {
  it('is written as documented', () => {
    expect(canonicalRequests(requestOf(c1), parseSignature(authorizationOf(c1)))).toEqual([
      `POST
/v1/${project}/baremetalservers/action/

content-type:application/json
host:127.0.0.1:8774
x-project-id:${project}
x-sdk-date:20260102T030405Z

content-type;host;x-project-id;x-sdk-date
16b0751747121251d0b9b00f46d11f894c53573cb3c2bf6b1843b6123f61d74e`,
    ]);
    expect(canonicalRequests(requestOf(c2), parseSignature(authorizationOf(c2)))[0]).toMatch(
      /\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855$/,
    );
  });

  it('has the query in order, with every name and value', () => {
    expect(
      toQuery(
        'test=%E4%B8%80%20(%26%3D%3F!%23%25.*)&limit=1&multi=3&multi=2&multi=1&enable=true&dir=a%2fb&empty',
      ),
    ).toBe(
      'dir=a%2Fb&empty=&enable=true&limit=1&multi=1&multi=2&multi=3&test=%E4%B8%80%20%28%26%3D%3F%21%23%25.%2A%29',
    );
    expect(toQuery('')).toBe('');
    expect(toQuery('a=1+2&&b==')).toBe('a=1%202&b=%3D');
  });

  it('has the values of one name on lines of their own, in order', () => {
    const request = requestOf(c3);
    request.rawHeaders.push('accept', ' text/plain ', 'Accept', '*/*');
    expect(canonicalRequests(request, parseSignature(authorizationOf(c3)))[0]).toContain(
      '\naccept:*/*\naccept:application/json\naccept:text/plain\ncontent-type:',
    );
  });

  it('has a path with escapes as it is, and escaped once more as the Node SDK does', () => {
    const lines = canonicalRequests(
      { ...requestOf(c1), url: '/a%2Fb%20c' },
      parseSignature(authorizationOf(c1)),
    );
    expect(lines.map((text) => text.split('\n')[1])).toEqual(['/a/b%20c/', '/a%252Fb%2520c/']);
  });
});

describe('a body', () => {
  const hashesOf = (declared: string, body: string) => {
    const request = { ...requestOf(c4), body: Buffer.from(body) };
    const at = request.rawHeaders.indexOf('X-Sdk-Content-Sha256') + 1;
    request.rawHeaders[at] = declared;
    const texts = canonicalRequests({ ...request, url: '/' }, parseSignature(authorizationOf(c4)));
    return texts.map((text) => text.split('\n').at(-1));
  };
  const hash = createHash('sha256').update('body').digest('hex');
  const empty = createHash('sha256').digest('hex');

  it('that is declared unsigned may be anything, and empty for the Python SDK', () => {
    expect(hashesOf('UNSIGNED-PAYLOAD', 'body')).toEqual(['UNSIGNED-PAYLOAD']);
    expect(hashesOf('UNSIGNED-PAYLOAD', '')).toEqual(['UNSIGNED-PAYLOAD', empty]);
  });

  it('has the hash that was declared', () => {
    expect(hashesOf(hash, 'body')).toEqual([hash]);
    expect(hashesOf(hash, 'else')).toEqual([]);
  });
});

describe('the form of a signature', () => {
  const check = (vector: Vector, now = signedAt) =>
    refusal(() => checkForm(requestOf(vector), parseSignature(authorizationOf(vector)), now));

  it('is good for 15 minutes either way', () => {
    for (const minutes of [-15, 0, 15]) expect(check(c1, signedAt + minutes * minute)).toBe('none');
    for (const minutes of [-16, 16]) {
      expect(check(c1, signedAt + minutes * minute)).toBe(
        because('X-Sdk-Date is more than 15 minutes away from now'),
      );
    }
  });

  it('has a date that is signed and can be read', () => {
    const unsigned = c1.signedHeaders.replace(';x-sdk-date', '');
    expect(check({ ...c1, signedHeaders: unsigned })).toBe(because('X-Sdk-Date is not signed'));
    for (const date of ['2026-01-02T03:04:05Z', '20261302T030405Z', 'now', '']) {
      expect(check({ ...c1, headers: { ...c1.headers, 'X-Sdk-Date': date } })).toMatch(/is not like/);
    }
    expect(check({ ...c1, headers: { ...c1.headers, 'x-sdk-date': '20260102T030406Z' } })).toMatch(
      /is not like/,
    );
  });

  it('has every header that it lists', () => {
    const { 'X-Project-Id': _, ...headers } = c1.headers;
    expect(check({ ...c1, headers })).toBe(because('the signed header x-project-id is absent'));
  });

  it('has the day of the credential', () => {
    const credential = otc.replace('20260102', '20260103');
    expect(check({ ...vectors.at(-1)!, credential })).toBe(
      because('the day of the credential is not that of X-Sdk-Date'),
    );
  });

  it('is read with commas and blanks as they come', () => {
    const text = authorizationOf(c1);
    for (const other of [text.replaceAll(', ', ','), text.replaceAll(', ', ' ,  ')]) {
      expect(parseSignature(other)).toEqual(parseSignature(text));
    }
  });

  it.each([
    'SDK-HMAC-SHA256',
    'SDK-HMAC-SHA256 Access=',
    authorizationOf(c1).replace('Access=', 'Key='),
    authorizationOf({ ...c1, signature: 'abc' }),
    authorizationOf({ ...c1, signature: c1.signature.toUpperCase() }),
    authorizationOf({ ...c1, credential: `Access=${access}/20260102///sdk_request` }),
    authorizationOf({ ...c1, credential: `Credential=${access}` }),
    authorizationOf({ ...c1, credential: `Credential=${access}/20260102///aws4_request` }),
    authorizationOf({ ...c1, algorithm: 'V11-HMAC-SHA256' }),
  ])('is whole: not %s', (text) => {
    expect(refusal(() => parseSignature(text))).toBe(because('the Authorization header cannot be read'));
  });

  it.each(['SDK-HMAC-SM3', 'SDK-ECDSA-P256-SHA256', 'SDK-SM2-SM3', 'AWS4-HMAC-SHA256'])(
    'is of an algorithm that is known: not %s',
    (algorithm) => {
      const text = authorizationOf({ ...c1, algorithm });
      expect(isSignature(text)).toBe(true);
      expect(refusal(() => parseSignature(text))).toBe(
        because(`the algorithm ${algorithm} is not supported`),
      );
    },
  );

  it('is not that of other ways to prove who one is', () => {
    for (const text of [undefined, '', 'Basic YTpi', 'Bearer SDK-HMAC-SHA256']) {
      expect(isSignature(text)).toBe(false);
    }
  });
});
