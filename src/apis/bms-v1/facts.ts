/** Facts of a server beside its state: metadata, tags, passwords. What is changed here shows on every door. */
import type { Static } from 'typebox';
import { checkAlterable } from '../../core/alteration.ts';
import { invalid, notFound } from '../../core/errors.ts';
import { isIntermediate } from '../../core/lifecycle.ts';
import type { Server, ServerFacts } from '../../core/server.ts';
import { bareMetalTag, dropTags, putTags, toKeyValue, type KeyValue } from '../../core/server-tags.ts';
import { isId, ok, projectOf, type ActionChoice, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { checkMetadata, checkMetadataSize, checkTags } from './rules.ts';
import { getServer } from './servers.ts';
import {
  toMetadataOptions,
  type MetadataBody,
  type MetadataOptionsBody,
  type ResetPasswordBody,
  type TagActionBody,
} from './wire.ts';

async function revise(
  { servers }: Cloud,
  call: Call,
  decide: (server: Server) => Partial<ServerFacts>,
): Promise<Server> {
  const id = call.params['server_id']!;
  const server = isId(id) ? await servers.revise(id, projectOf(call), decide) : null;
  if (!server) throw notFound('server', id);
  return server;
}

/** V25 (otc0131703289). The answer echoes what was given, as the documented sample does. */
export async function mergeMetadata(cloud: Cloud, call: Call): Promise<Answer> {
  const { metadata } = call.body as Static<typeof MetadataBody>;
  checkMetadata(metadata);
  await revise(cloud, call, (server) => {
    checkAlterable(server, 'update metadata');
    const merged = { ...server.metadata, ...metadata };
    checkMetadataSize(merged);
    return { metadata: merged };
  });
  return ok({ metadata });
}

/** V26 (hw0661) */
export async function showMetadataOptions(cloud: Cloud, call: Call): Promise<Answer> {
  return ok(toMetadataOptions((await getServer(cloud, call)).metadataOptions));
}

/** V27 (hw0662): what is not given stays. */
export async function changeMetadataOptions(cloud: Cloud, call: Call): Promise<Answer> {
  const wish = call.body as Static<typeof MetadataOptionsBody>;
  const server = await revise(cloud, call, (current) => {
    checkAlterable(current, 'update metadata options');
    const { httpEndpoint, httpTokens } = current.metadataOptions;
    return {
      metadataOptions: {
        httpEndpoint: wish.http_endpoint ?? httpEndpoint,
        httpTokens: wish.http_tokens ?? httpTokens,
      },
    };
  });
  return ok(toMetadataOptions(server.metadataOptions));
}

const mostTags = 20;
/** An older page allows this much when a tag is taken off (hw0643). */
const longestKey = 127;

export const tagActions: ActionChoice = {
  among: ['bms:servers:batchCreateBaremetalServerTags', 'bms:servers:batchDeleteBaremetalServerTags'],
  of: ({ body }) =>
    (body as Static<typeof TagActionBody>).action === 'create'
      ? 'bms:servers:batchCreateBaremetalServerTags'
      : 'bms:servers:batchDeleteBaremetalServerTags',
};

export function tagsInBody({ body }: Call): KeyValue[] {
  const { tags } = body as Static<typeof TagActionBody>;
  return tags.map(({ key, value = '' }) => ({ key, value }));
}

/** V28, V29 (hw0642, hw0643): both may be repeated. Also while the server is being made: Terraform tags at once. */
export async function changeTags(cloud: Cloud, call: Call): Promise<Answer> {
  const { action, tags } = call.body as Static<typeof TagActionBody>;
  if (action === 'delete' && tags.some(({ key }) => key === '' || key.length > longestKey)) {
    throw invalid(`The key of a tag has 1 to ${longestKey} characters.`, 'tags');
  }
  const given = action === 'create' ? checkTags(tags, 'tags') : [];
  await revise(cloud, call, (server) => {
    const changed =
      action === 'create'
        ? putTags(server.tags, given)
        : dropTags(
            server.tags,
            tags.map(({ key }) => key),
          );
    if (changed.length > mostTags) throw invalid(`A server has at most ${mostTags} tags.`, 'tags');
    return { tags: changed };
  });
  return { statusCode: 204 };
}

/** V30 (hw0644): the caller's own; the system tag has no value and is not listed. */
export async function listTags(cloud: Cloud, call: Call): Promise<Answer> {
  const { tags } = await getServer(cloud, call);
  return ok({ tags: tags.filter((tag) => tag !== bareMetalTag).map(toKeyValue) });
}

/** V32 (hw0635): a password can be set while nothing is under way. */
export async function showResetFlag(cloud: Cloud, call: Call): Promise<Answer> {
  const { state } = await getServer(cloud, call);
  return ok({ resetpwd_flag: isIntermediate(state) ? 'False' : 'True' });
}

/**
 * V33 (hw0636), without a rule for the password, as documented. There is no agent in the installed system, so that it
 * takes effect with the next installation and not, as in the public cloud, with the next start.
 */
export async function resetPassword(cloud: Cloud, call: Call): Promise<Answer> {
  const wish = (call.body as Static<typeof ResetPasswordBody>)['reset-password'];
  const adminPasswordHash = await cloud.hashPassword(wish.new_password);
  await revise(cloud, call, (server) => {
    checkAlterable(server, 'reset password');
    return { adminPasswordHash };
  });
  return { statusCode: 204 };
}

/** V34 (otc0131629816): only who has the private key can read it. */
export async function showPassword(cloud: Cloud, call: Call): Promise<Answer> {
  return ok({ password: (await getServer(cloud, call)).encryptedPassword });
}

/** V35 is documented with 202 (otc0131629817), but the provider of Huawei Cloud takes nothing but 204. */
export async function clearPassword(cloud: Cloud, call: Call): Promise<Answer> {
  await revise(cloud, call, () => ({ encryptedPassword: '' }));
  return { statusCode: 204 };
}
