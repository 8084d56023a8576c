/** Asks an external Keystone who is behind a token (Identity API v3, "Validate and show information for token"). */
import { IngotError } from '../core/errors.ts';
import type { GuestToken } from '../core/guest.ts';
import { toGuestToken, type TokenBody } from './token-body.ts';

export interface KeystoneOptions {
  /** With its version: `https://keystone.example.com/v3`. */
  url: string;
  /** Of a user who may validate tokens (role service or admin there). */
  credentials: { user: string; password: string; userDomain: string; project: string; projectDomain: string };
  now: () => number;
}

export interface Keystone {
  /** Null: the token is not good. @throws IngotError unavailable when that cannot be found out */
  validate(token: string): Promise<GuestToken | null>;
}

const patienceMs = 5_000;
/** A service token that ends sooner than this is renewed first. */
const marginMs = 60_000;

export function createKeystone({ url, credentials, now }: KeystoneOptions): Keystone {
  let own: Promise<{ token: string; endsAt: number }> | null = null;

  async function ownToken(): Promise<string> {
    const known = own && (await own.catch(() => null));
    if (known && known.endsAt > now() + marginMs) return known.token;
    own = logIn();
    own.catch(() => {
      own = null;
    });
    return (await own).token;
  }

  async function logIn(): Promise<{ token: string; endsAt: number }> {
    const { user: name, password, userDomain, project, projectDomain } = credentials;
    const user = { name, password, domain: { name: userDomain } };
    const response = await send('/auth/tokens?nocatalog', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        auth: {
          identity: { methods: ['password'], password: { user } },
          scope: { project: { name: project, domain: { name: projectDomain } } },
        },
      }),
    });
    const token = response.headers.get('x-subject-token');
    if (response.status !== 201 || token === null) {
      throw away(`it answered ${response.status} to the login of ${name}`);
    }
    const { token: facts } = (await response.json()) as { token: { expires_at: string } };
    return { token, endsAt: Date.parse(facts.expires_at) };
  }

  async function send(path: string, options: RequestInit): Promise<Response> {
    try {
      return await fetch(url + path, { ...options, signal: AbortSignal.timeout(patienceMs) });
    } catch (error) {
      throw away((error as { cause?: { code?: string } }).cause?.code ?? (error as Error).message);
    }
  }

  function away(why: string): IngotError {
    return new IngotError({
      kind: 'unavailable',
      message: `The Keystone at ${url} does not say who is calling: ${why}.`,
      retryAfterSeconds: 5,
    });
  }

  async function ask(token: string): Promise<Response> {
    const headers = { 'x-auth-token': await ownToken(), 'x-subject-token': token };
    return send('/auth/tokens?nocatalog', { headers });
  }

  return {
    async validate(token) {
      let response = await ask(token);
      if (response.status === 401) {
        own = null; // revoked before its end
        response = await ask(token);
      }
      if (response.status === 404) return null;
      if (response.status !== 200) throw away(`it answered ${response.status} about a token`);
      return toGuestToken((await response.json()) as TokenBody);
    },
  };
}
