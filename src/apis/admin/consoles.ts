/** Links to serial consoles for operators: of a server under the rules of its state, or of a machine whatever is on it. */
import { notFound } from '../../core/errors.ts';
import type { Offer } from '../../engine/consoles/consoles.ts';
import { callerOf, isId, ok, type Answer, type Call } from '../api.ts';
import { toPageUrl, toSocketUrl } from '../console-link.ts';
import type { Cloud } from './cloud.ts';
import { getNode } from './nodes.ts';

export async function openOfServer(cloud: Cloud, call: Call): Promise<Answer> {
  const id = call.params['id']!;
  const server = isId(id) ? await cloud.servers.find(id, null) : null;
  if (!server) throw notFound('server', id);
  return toLink(call, await cloud.consoles.offerServer(server, callerOf(call).user.id));
}

export async function openOfNode(cloud: Cloud, call: Call): Promise<Answer> {
  const node = await getNode(cloud, call.params['id']!);
  return toLink(call, await cloud.consoles.offerNode(node, null, callerOf(call).user.id));
}

function toLink({ origin }: Call, { token, expiresAt }: Offer): Answer {
  return ok(
    { url: toPageUrl(origin, token), websocket_url: toSocketUrl(origin, token), expires_at: expiresAt },
    201,
  );
}
