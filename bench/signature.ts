/** Checking a signature against the hashing that no check can do without. */
import { createHash, createHmac } from 'node:crypto';
import { checkForm, isSignedBy, parseSignature, type SignedRequest } from '../src/apis/signature.ts';
import { sign } from '../tests/support/signer.ts';
import { inTurns, type Bench, type Figure } from './bench.ts';

const rounds = 2_000;
const key = { access: 'BENCHACCESSKEY000000', secret: 'a-secret-of-forty-characters-0123456789ab' };

export const signature: Bench = {
  name: 'signature',
  help: 'checking a signed request against hashing the same bytes once',
  async run() {
    const figures: Figure[] = [];
    for (const [what, body] of [
      ['GET', ''],
      [
        'POST of 1000 servers',
        JSON.stringify({ 'os-stop': { servers: Array.from({ length: 1_000 }, toServer) } }),
      ],
    ] as const) {
      const request = toRequest(what.split(' ')[0]!, body);
      const ours = () => perSecond(() => isGood(request));
      const floor = () => perSecond(() => leastHashing(request.body));
      ours();
      floor();
      const measured = await inTurns(
        9,
        async () => ours(),
        async () => floor(),
      );
      figures.push({
        name: `signature of a ${what} / hashing`,
        says: 'checks per second, with parsing and canonical form, against two SHA-256 and an HMAC',
        ratio: measured.ratio,
        aim: { least: 0.2 },
        measured: { 'ours 1/s': measured.ours, 'floor 1/s': measured.floor },
      });
    }
    return figures;
  },
};

const toServer = (_: unknown, at: number) => ({
  id: `01900000-0000-7000-8000-${String(at).padStart(12, '0')}`,
});

function toRequest(method: string, body: string): SignedRequest & { authorization: string } {
  const url = '/v1/0123456789abcdef0123456789abcdef/baremetalservers/action?limit=10&offset=1';
  const headers = { host: '127.0.0.1:8774', 'content-type': 'application/json' };
  const signed = sign(key, { method, url, body, headers });
  const rawHeaders = Object.entries({ ...headers, ...signed }).flat();
  const authorization = Object.entries(signed).find(([name]) => name.toLowerCase() === 'authorization')![1];
  return { method, url, rawHeaders, body: Buffer.from(body), authorization };
}

function isGood({ authorization, ...request }: ReturnType<typeof toRequest>): void {
  const parsed = parseSignature(authorization);
  checkForm(request, parsed, Date.now());
  if (!isSignedBy(key.secret, request, parsed)) throw new Error('a good signature was refused');
}

function leastHashing(body: Buffer): void {
  const hash = createHash('sha256').update(body).digest('hex');
  createHash('sha256').update(hash).digest('hex');
  createHmac('sha256', key.secret).update(hash).digest('hex');
}

function perSecond(work: () => void): number {
  const began = performance.now();
  for (let round = 0; round < rounds; round++) work();
  return (rounds / (performance.now() - began)) * 1_000;
}
