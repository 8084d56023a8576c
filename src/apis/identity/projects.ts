/** Projects. They are called like the region, or `region_something`: clients read the region off the name. */
import type { Static } from 'typebox';
import { actingAccount } from '../../core/authorization.ts';
import { conflict, invalid, notFound } from '../../core/errors.ts';
import type { Project } from '../../core/tenancy.ts';
import { newId } from '../../engine/ids.ts';
import { callerOf, ok, single, toHex, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { forbidden } from './errors.ts';
import { asAsked, flag, listed } from './lists.ts';
import { getAccount, getProject, getUser, reachOf } from './reach.ts';
import { toProject, type ProjectBody, type ProjectChange } from './wire.ts';

/** Where the caller could log in. */
export async function listOwn({ tenancy }: Cloud, call: Call): Promise<Answer> {
  const projects = await tenancy.listProjects({ userId: callerOf(call).user.id });
  const usable = projects.filter(({ enabled }) => enabled);
  return listed(call, 'projects', asAsked(call, usable), toProject);
}

export async function listOfUser(cloud: Cloud, call: Call): Promise<Answer> {
  const userId = call.params['user']!;
  if (callerOf(call).user.id !== userId) {
    if (!call.may('identity:list_user_projects')) throw forbidden('list_user_projects');
    await getUser(cloud, call, userId);
  }
  return listed(call, 'projects', asAsked(call, await cloud.tenancy.listProjects({ userId })), toProject);
}

/** Those in reach; who may not list sees the own ones. There is no project below another. */
export async function list({ tenancy }: Cloud, call: Call): Promise<Answer> {
  const asked = single(call, 'domain_id');
  const parentId = single(call, 'parent_id');
  const name = single(call, 'name');
  const mayAll = call.may('identity:list_projects');
  const projects = await tenancy.listProjects({
    accountId: mayAll ? (reachOf(call) ?? asked) : asked,
    name,
    userId: mayAll ? undefined : callerOf(call).user.id,
  });
  const isThere = (accountId: string) =>
    (parentId ?? accountId) === accountId && (asked ?? accountId) === accountId;
  const wanted = flag(call, 'is_domain') ? [] : projects.filter(({ accountId }) => isThere(accountId));
  return listed(call, 'projects', page(call, asAsked(call, wanted)), toProject);
}

const mostPerPage = 5_000;

/** `page` and `per_page` are Huawei Cloud's; without them everything is on one page. */
function page(call: Call, projects: Project[]): Project[] {
  const number = Number(single(call, 'page') ?? 1);
  const size = Number(single(call, 'per_page') ?? Infinity);
  if (!Number.isInteger(number) || number < 1) throw invalid('page is a number from 1.', 'page');
  if (size !== Infinity && !(Number.isInteger(size) && size >= 1 && size <= mostPerPage)) {
    throw invalid(`per_page is a number from 1 to ${mostPerPage}.`, 'per_page');
  }
  if (size === Infinity) return projects;
  return projects.slice((number - 1) * size, number * size);
}

export async function show(cloud: Cloud, call: Call): Promise<Answer> {
  const id = call.params['project']!;
  const own = await cloud.tenancy.listProjects({ userId: callerOf(call).user.id });
  const isKnown = own.find((it) => it.id === id);
  if (!isKnown && !call.may('identity:get_project')) throw forbidden('get_project');
  const project = isKnown ?? (await getProject(cloud, call, id));
  return ok({ project: toProject(project, call.origin) });
}

export async function create(cloud: Cloud, call: Call): Promise<Answer> {
  const { tenancy, now } = cloud;
  const { project: wish } = call.body as Static<typeof ProjectBody>;
  const accountId = wish.domain_id ?? wish.parent_id ?? actingAccount(callerOf(call)).id;
  if (wish.is_domain) throw invalid('A domain is made with POST /v3/domains.', 'is_domain');
  if ((wish.parent_id ?? accountId) !== accountId) {
    throw invalid('A project cannot be below another: parent_id must be the domain.', 'parent_id');
  }
  await getAccount(cloud, call, accountId);
  const project = await tenancy.createProject({
    id: toHex(newId(now())),
    accountId,
    name: wish.name,
    description: wish.description ?? '',
    enabled: wish.enabled ?? true,
    createdAt: new Date(now()),
  });
  return ok({ project: toProject(project, call.origin) }, 201);
}

export async function change(cloud: Cloud, call: Call): Promise<Answer> {
  const { name, description, enabled } = (call.body as Static<typeof ProjectChange>).project;
  const { id } = await getProject(cloud, call, call.params['project']!);
  const project = await cloud.tenancy.changeProject(id, {
    name,
    description: description ?? undefined,
    enabled,
  });
  if (!project) throw notFound('project', id);
  return ok({ project: toProject(project, call.origin) });
}

export async function remove(cloud: Cloud, call: Call): Promise<Answer> {
  const project = await getProject(cloud, call, call.params['project']!);
  const { id } = project;
  if (!(await cloud.tenancy.removeProject(id))) {
    throw conflict(`The project ${project.name} still has servers, nodes, ports or jobs.`, 'project', id);
  }
  return { statusCode: 204 };
}
