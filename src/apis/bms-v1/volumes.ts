/** Volumes of a server (V22–V24). They are the volumes of the volume API; the rules of attaching are in the store. */
import type { Static } from 'typebox';
import { IngotError } from '../../core/errors.ts';
import { isId, ok, projectOf, toHex, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { toAlteration } from './nics.ts';
import { getServer } from './servers.ts';
import type { AttachBody } from './wire.ts';

/** 202 as documented; the published schema says 200, and clients take both. */
export async function attach(cloud: Cloud, call: Call): Promise<Answer> {
  const { volumeAttachment: wish } = call.body as Static<typeof AttachBody>;
  const { id } = await getServer(cloud, call);
  const { jobId } = await cloud.volumes.attach(toAlteration(call, id), wish.volumeId, wish.device ?? '');
  return ok({ job_id: toHex(jobId) }, 202);
}

/** The id of an attachment is that of its volume. */
export async function detach(cloud: Cloud, call: Call): Promise<Answer> {
  const { id } = await getServer(cloud, call);
  const { jobId } = await cloud.volumes.detach(toAlteration(call, id), call.params['attachment_id']!);
  return ok({ job_id: toHex(jobId) }, 202);
}

/** A missing server has a code of its own here, by which Terraform knows that it is gone (otc0130145446). */
export async function list({ servers }: Cloud, call: Call): Promise<Answer> {
  const id = call.params['server_id']!;
  const server = isId(id) ? await servers.find(id, projectOf(call)) : null;
  if (!server || server.state === 'Deleted') {
    const message = 'Calling interface failed';
    throw new IngotError({ kind: 'not-found', subject: 'server', id, code: 'BMS.1007', message });
  }
  return ok({
    volumeAttachments: server.volumes.map(({ id: volumeId, device }) => ({
      id: volumeId,
      volumeId,
      serverId: server.id,
      device,
    })),
  });
}
