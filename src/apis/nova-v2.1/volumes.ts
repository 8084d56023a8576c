/** Volumes of a server (N24–N27), by the same rules as in BMS v1. */
import type { Static } from 'typebox';
import { IngotError, notFound } from '../../core/errors.ts';
import type { AttachedVolume, Server } from '../../core/server.ts';
import { ok, type Answer } from '../api.ts';
import type { Cloud, NovaCall } from './cloud.ts';
import { toAlteration } from './interfaces.ts';
import { checkDeviceTag } from './rules.ts';
import { getServer } from './servers.ts';
import type { AttachmentBody } from './wire.ts';

function toAttachment({ id: serverId }: Server, { id, device }: Pick<AttachedVolume, 'id' | 'device'>) {
  return { id, volumeId: id, serverId, device };
}

export async function list(cloud: Cloud, call: NovaCall): Promise<Answer> {
  const server = await getServer(cloud, call);
  return ok({ volumeAttachments: server.volumes.map((volume) => toAttachment(server, volume)) });
}

export async function show(cloud: Cloud, call: NovaCall): Promise<Answer> {
  const server = await getServer(cloud, call);
  const id = call.params['volume_id']!;
  const volume = server.volumes.find((it) => it.id === id);
  if (!volume) {
    const message = `volume_id not found: ${id}`;
    throw new IngotError({ ...notFound('volume', id).facts, message });
  }
  return ok({ volumeAttachment: toAttachment(server, volume) });
}

/** A device in the words of virtual machines (`/dev/vdb`) is a suggestion, as upstream has it. */
export async function attach(cloud: Cloud, call: NovaCall): Promise<Answer> {
  const { volumeAttachment: wish } = call.body as Static<typeof AttachmentBody>;
  checkDeviceTag(wish.tag);
  const server = await getServer(cloud, call);
  const asked = wish.device?.startsWith('/dev/sd') ? wish.device : '';
  const { device } = await cloud.volumes.attach(toAlteration(call, server), wish.volumeId, asked);
  return ok({ volumeAttachment: toAttachment(server, { id: wish.volumeId, device }) });
}

export async function detach(cloud: Cloud, call: NovaCall): Promise<Answer> {
  const server = await getServer(cloud, call);
  await cloud.volumes.detach(toAlteration(call, server), call.params['volume_id']!);
  return { statusCode: 202 };
}
