/**
 * Physical servers ("iMetal"): our nodes. A project sees those that are dedicated to it, those that carry its
 * instances, and the idle ones of the shared pool, for CreateInstance places by id and ChangeServerPowerState works on
 * idle machines. A machine that carries somebody else's instance does not exist for it.
 */
import type { Static } from 'typebox';
import { conflict, invalid, notFound } from '../../core/errors.ts';
import type { Node } from '../../core/node.ts';
import type { Operation } from '../../core/operations.ts';
import type { NodeFilter } from '../../core/records.ts';
import { actorOf, callerOf, isId, ok, projectOf, single, type Answer, type Call } from '../api.ts';
import { toPageUrl } from '../console-link.ts';
import type { Cloud } from './cloud.ts';
import { parsePage, toPage } from './page.ts';
import { manageStates, standingsShowing, toPhysicalServer, type PowerBody } from './wire.ts';

/** Throws not-found for what is no id, unknown, or not visible to the project. */
export async function getVisibleNode({ nodes }: Cloud, projectId: string, id: string): Promise<Node> {
  const visible = { ids: [id], projectId, withPool: true };
  const [node] = isId(id) ? await nodes.list(visible, { limit: 1 }) : [];
  if (!node) throw notFound('server', id);
  return node;
}

/** In the order asked, each once. */
export async function getVisibleNodes({ nodes }: Cloud, projectId: string, ids: string[]): Promise<Node[]> {
  const asked = [...new Set(ids)];
  const visible = { ids: asked.filter(isId), projectId, withPool: true };
  const found = new Map((await nodes.list(visible, { limit: asked.length })).map((node) => [node.id, node]));
  return asked.map((id) => {
    const node = found.get(id.toLowerCase());
    if (!node) throw notFound('server', id);
    return node;
  });
}

export async function list({ nodes, site }: Cloud, call: Call): Promise<Answer> {
  const page = parsePage(call);
  const filter: NodeFilter = { projectId: projectOf(call), withPool: true };
  const asked = single(call, 'manage_state');
  if (asked) {
    const manageState = manageStates.find((it) => it === asked);
    if (!manageState) throw invalid(`manage_state: one of ${manageStates.join(', ')}.`, 'manage_state');
    filter.standing = standingsShowing(manageState);
  }
  const [found, count] = await Promise.all([
    nodes.list(filter, { ...page, limit: page.limit + 1 }),
    nodes.count(filter),
  ]);
  const { records, pageInfo } = toPage(found, page);
  const ids = records.map(({ id }) => id);
  const tags = await site.listTags(projectOf(call), ids);
  return ok({
    servers: records.map((node) => toPhysicalServer(node, ownerOf(call), tags.get(node.id))),
    page_info: pageInfo,
    count,
  });
}

export async function show(cloud: Cloud, call: Call): Promise<Answer> {
  const node = await getVisibleNode(cloud, projectOf(call), call.params['id']!);
  const tags = await cloud.site.listTags(projectOf(call), [node.id]);
  return ok(toPhysicalServer(node, ownerOf(call), tags.get(node.id)));
}

export function ownerOf(call: Call): { projectId: string; accountId: string } {
  return { projectId: projectOf(call), accountId: callerOf(call).projectAccount?.id ?? '' };
}

type PowerAction = Static<typeof PowerBody>['action'];

const operations: Record<PowerAction, Operation> = {
  'power on': 'start',
  'power off': 'stop',
  rebooting: 'force-restart',
};

export function powerTargets({ body }: Call): string[] {
  return (body as Static<typeof PowerBody>).server_id_set;
}

/** All or nothing. The instance on a machine follows it; an idle machine is switched alone. */
export async function changePower(cloud: Cloud, call: Call): Promise<Answer> {
  const { action, server_id_set } = call.body as Static<typeof PowerBody>;
  const ids = [...new Set(server_id_set)];
  const unheard = ids.find((id) => !isId(id));
  if (unheard !== undefined) throw notFound('server', unheard);
  await cloud.submit.forNodes(
    {
      door: 'clouddc',
      projectId: projectOf(call),
      actor: actorOf(call),
      operation: operations[action],
      input: {},
    },
    ids,
  );
  return ok({ physical_servers: ids.map((id) => ({ id })) });
}

/**
 * C15. Only of machines that are dedicated to the project or carry its instance: whoever sits at the console of an idle
 * machine of the shared pool could change what the next tenant finds.
 */
export async function showConsole(cloud: Cloud, call: Call): Promise<Answer> {
  const projectId = projectOf(call);
  const node = await getVisibleNode(cloud, projectId, call.params['id']!);
  if (node.projectId !== projectId && node.serverId === null) {
    const message = `The machine ${node.name} is idle in the shared pool; its console opens with an instance on it.`;
    throw conflict(message, 'server', node.id);
  }
  const { token } = await cloud.consoles.offerNode(node, projectId, callerOf(call).user.id);
  return ok({ url: toPageUrl(call.origin, token) });
}
