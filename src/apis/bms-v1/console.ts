/** V14 (hw0617): the address at which the serial console of a server is to be had, once. */
import type { Static } from 'typebox';
import { callerOf, ok, type Answer, type Call } from '../api.ts';
import { toPageUrl } from '../console-link.ts';
import type { Cloud } from './cloud.ts';
import { getServer } from './servers.ts';
import type { ConsoleBody } from './wire.ts';

export async function openConsole(cloud: Cloud, call: Call): Promise<Answer> {
  const { remote_console } = call.body as Static<typeof ConsoleBody>;
  const server = await getServer(cloud, call);
  const { token } = await cloud.consoles.offerServer(server, callerOf(call).user.id);
  return ok({ remote_console: { ...remote_console, url: toPageUrl(call.origin, token) } });
}
