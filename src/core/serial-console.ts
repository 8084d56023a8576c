/** Serial consoles: who may have one, links that work once, and what machines wrote lately. */
import { IngotError, invalid } from './errors.ts';
import { lifecycle, statesOfferingConsole, toVmState, type Standing } from './lifecycle.ts';

/** How long a link waits to be used (Nova, create remote console: 10 minutes), in milliseconds. */
export const linkLifeMs = 600_000;
/** So much is kept of what a machine wrote, in bytes. */
export const mostLogBytes = 64 * 1024;

/** Leads one caller once to one console: that of a server, or of a machine whatever is on it. */
export interface ConsoleLink {
  serverId: string | null;
  nodeId: string | null;
  /** Whose machine it must still be; null for operators. */
  projectId: string | null;
  userId: string;
}

export interface ConsoleLinks {
  add(hash: Buffer, link: ConsoleLink, expiresAt: Date): Promise<void>;
  /** Uses it up; null when there is none, it was used, its time is over, or its user may not log in any more. */
  take(hash: Buffer): Promise<ConsoleLink | null>;
}

/** By server, so that nobody reads what a machine wrote for the tenant before. */
export interface ConsoleLogs {
  find(serverId: string): Promise<Buffer | null>;
  write(serverId: string, content: Buffer): Promise<void>;
}

type Subject = Standing & { id: string; nodeId: string | null; imageOsType: string };

/** Code of the published refusal (BMS errors table): a Windows system has no login on a serial line. */
const noWindows = 'BMS.0395';

/** @throws IngotError `invalid` for a Windows system, `state-refuses` where the lifecycle offers no console */
export function checkConsole(server: Subject): void {
  if (/^windows/i.test(server.imageOsType)) {
    const message = `The server[${server.id}] is windows system and cannot support remote login.`;
    throw invalid(message, undefined, noWindows);
  }
  if (lifecycle[server.state].console === 'offered' && server.nodeId !== null) return;
  const wanted = statesOfferingConsole();
  throw new IngotError({
    kind: 'state-refuses',
    subject: 'server',
    id: server.id,
    state: server.state,
    wish: 'get console',
    wanted,
    message: `Cannot 'get_serial_console' instance ${server.id} while it is in vm_state ${toVmState(server)}; this needs ${wanted.join(' or ')}`,
  });
}
