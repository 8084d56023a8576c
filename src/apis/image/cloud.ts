/** What the handlers of this API work with, and whose images a caller sees. */
import { notAllowed, notFound, type IngotError } from '../../core/errors.ts';
import type { RegisteredContents } from '../../core/image-content.ts';
import type { ImageTransfers } from '../../core/image-transfer.ts';
import type { Image, Images } from '../../core/image.ts';
import type { Intake } from '../../engine/image-intake.ts';
import { callerOf, isId, type Answer, type Call } from '../api.ts';

export interface Cloud {
  images: Images;
  contents: RegisteredContents;
  transfers: ImageTransfers;
  intake: Intake;
}

export type Handler = (cloud: Cloud, call: Call) => Promise<Answer> | Answer;

/** Without a project: what is public. */
export function projectOf(call: Call): string {
  return callerOf(call).project?.id ?? '';
}

/** What the caller's project sees; the same for administrators. */
export async function getImage({ images }: Cloud, call: Call): Promise<Image> {
  const id = call.params['image_id']!;
  const image = isId(id) ? await images.find(id, projectOf(call)) : null;
  if (!image) throw notFound('image', id);
  return image;
}

/** @throws not-allowed unless the caller's project owns it, or the caller is an administrator */
export async function getOwn(cloud: Cloud, call: Call): Promise<Image> {
  const image = await getImage(cloud, call);
  if (!callerOf(call).isAdmin && image.projectId !== projectOf(call)) {
    throw notAllowed('You are not permitted to modify this image.');
  }
  return image;
}

export function gone(id: string): IngotError {
  return notFound('image', id);
}
