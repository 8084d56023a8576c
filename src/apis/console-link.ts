/** The addresses of serial consoles, for every API that gives one. */
export const consolePath = '/serial';

/** For a browser. */
export function toPageUrl(origin: string, token: string): string {
  return `${origin}${consolePath}/?token=${token}`;
}

/** For a WebSocket client; the path and the token are those of the page. */
export function toSocketUrl(origin: string, token: string): string {
  return toPageUrl(origin.replace(/^http/, 'ws'), token);
}
