/** An image of a server (X13, `createImage`). */
import { checkStopped } from '../../core/alteration.ts';
import { conflict } from '../../core/errors.ts';
import { newId } from '../../engine/ids.ts';
import type { Answer } from '../api.ts';
import type { Cloud, NovaCall } from './cloud.ts';
import { getServer } from './servers.ts';

/**
 * A simulated machine has on its disk what was installed, so that its image is that of the installation. Nothing reads
 * the disk of a real machine back; to pretend that would lose what its owner did there.
 */
export async function createImage(
  cloud: Cloud,
  call: NovaCall,
  { name, metadata = {} }: { name: string; metadata?: Record<string, string> },
): Promise<Answer> {
  const server = await getServer(cloud, call);
  checkStopped(server, 'createImage');
  const imageId = newId();
  const made = await cloud.images.capture({ id: imageId, serverId: server.id, name, properties: metadata });
  if (made === 'real machine') {
    throw conflict(
      `The disk of the real machine under ${server.id} cannot be read back. Build the image elsewhere and upload it.`,
      'server',
      server.id,
    );
  }
  if (made === 'no image')
    throw conflict(`The image that ${server.id} was made from is gone.`, 'server', server.id);
  return {
    statusCode: 202,
    headers: { location: `${call.origin}/image/v2/images/${imageId}` },
    ...(call.minor >= 45 ? { body: { image_id: imageId } } : {}),
  };
}
