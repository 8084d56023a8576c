/** Serial consoles: links that work once (N12, X15), and what the machine wrote lately (X14). */
import type { Static } from 'typebox';
import { IngotError, invalid, notFound } from '../../core/errors.ts';
import { lifecycle, toVmState } from '../../core/lifecycle.ts';
import { callerOf, ok, type Answer } from '../api.ts';
import { toSocketUrl } from '../console-link.ts';
import type { Cloud, NovaCall } from './cloud.ts';
import { getServer } from './servers.ts';
import type { ConsoleOutputBody, RemoteConsoleBody } from './wire.ts';

/** From here on the action is a resource of its own (upstream, microversion 2.6). */
const remoteConsolesSince = 6;

/** N12 (otc0002340222796) */
export async function getSerialConsole(cloud: Cloud, call: NovaCall, value: unknown): Promise<Answer> {
  if (call.minor >= remoteConsolesSince) throw notFound('path', call.path);
  const { type } = value as { type: string };
  return ok({ console: { url: await offer(cloud, call, type), type } });
}

/** X15. Clients for serial consoles want a WebSocket address. */
export async function createRemoteConsole(cloud: Cloud, call: NovaCall): Promise<Answer> {
  if (call.minor < remoteConsolesSince) throw notFound('path', call.path);
  const { protocol, type } = (call.body as Static<typeof RemoteConsoleBody>).remote_console;
  if (protocol !== 'serial') throw unavailable(type);
  return ok({ remote_console: { protocol, type, url: await offer(cloud, call, type) } });
}

async function offer(cloud: Cloud, call: NovaCall, type: string): Promise<string> {
  const server = await getServer(cloud, call);
  if (type !== 'serial') throw unavailable(type);
  const { token } = await cloud.consoles.offerServer(server, callerOf(call).user.id);
  return toSocketUrl(call.origin, token);
}

function unavailable(type: string): IngotError {
  return invalid(`Unavailable console type ${type}.`, 'type');
}

/**
 * X14: the last lines; all of them with -1 or without a number. What is not text is left out, as upstream does. A real
 * machine's output is kept while somebody watches its console (a BMC keeps none), so it may be empty.
 */
export async function showConsoleOutput(cloud: Cloud, call: NovaCall, value: unknown): Promise<Answer> {
  const server = await getServer(cloud, call);
  if (lifecycle[server.state].console === 'closed') {
    throw new IngotError({
      kind: 'state-refuses',
      subject: 'server',
      id: server.id,
      state: server.state,
      message: `Cannot 'get_console_output' instance ${server.id} while it is in vm_state ${toVmState(server)}`,
    });
  }
  const log = await cloud.consoles.readLog(server);
  const text = log.replaceAll('\r\n', '\n').replaceAll(unprintable, '');
  return ok({ output: lastLines(text, (value as Static<typeof ConsoleOutputBody>)?.length) });
}

// oxlint-disable-next-line no-control-regex -- just these are meant
const unprintable = /[\u0000-\u0008\u000b-\u001f]/g;

function lastLines(text: string, length: number | string | null | undefined): string {
  const most = length === null || length === undefined ? -1 : Number(length);
  if (most < 0) return text;
  const lines = text.split('\n');
  return most === 0 ? '' : lines.slice(-most).join('\n');
}
