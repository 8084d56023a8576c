/**
 * Where the links to serial consoles lead: a WebSocket that carries the console's bytes, as nova-serialproxy has it, and
 * at the same address a page for browsers. Whoever has the link needs nothing else, once.
 */
import type { Api } from '../api.ts';
import { consolePath } from '../console-link.ts';
import { toFailure } from './errors.ts';
import { page } from './page.ts';
import { acceptConsole, type SerialConsoleRoom } from './socket.ts';

export function serialConsoleApi(room: SerialConsoleRoom): Api {
  const door = acceptConsole(room);
  return {
    name: 'serial-console',
    title: 'Serial console',
    toError: toFailure,
    close: door.close,
    upgrades: { path: consolePath, accept: door.accept },
    routes: [
      {
        id: 'console-page',
        method: 'GET',
        path: consolePath,
        summary: 'The page behind a link to a serial console; the same address takes WebSockets',
        access: 'open',
        handle: () => page,
      },
    ],
  };
}
