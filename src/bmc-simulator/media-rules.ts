/** What a BMC takes of an image for its virtual drive (DSP2046, VirtualMedia). */
import type { Machine } from './machine.ts';
import { refuse, type Json, type Reply } from './reply.ts';
import type { BmcSettings } from './settings.ts';

export async function insertMedia(settings: BmcSettings, machine: Machine, body: Json): Promise<Reply> {
  const image = body['Image'];
  if (typeof image !== 'string') return refuse(400, 'ActionParameterMissing', 'Image is missing');
  if (settings.mediaTakes === 'image' && ('Inserted' in body || 'WriteProtected' in body)) {
    return refuse(400, 'ActionParameterUnknown', 'Inserted and WriteProtected are unknown');
  }
  if (settings.mediaTakes === 'transfer' && !('TransferProtocolType' in body && 'TransferMethod' in body)) {
    return refuse(400, 'ActionParameterMissing', 'TransferProtocolType and TransferMethod are missing');
  }
  if (settings.mediaNeedsEject && machine.media !== null) {
    return refuse(400, 'ActionParameterValueConflict', 'An image is in the drive already');
  }
  await machine.setMedia(image);
  return { statusCode: 204 };
}

export async function ejectMedia(settings: BmcSettings, machine: Machine, hasBody: boolean): Promise<Reply> {
  if (settings.mediaEjectNeedsBody && !hasBody) return refuse(400, 'MalformedJSON', 'There is no JSON body');
  await machine.setMedia(null);
  return { statusCode: 204 };
}

/** A PATCH of the drive, where there are no actions: an Image goes in, null takes it out. */
export async function patchMedia(machine: Machine, body: Json): Promise<Reply> {
  const image = body['Image'];
  if (image === undefined) return refuse(400, 'PropertyMissing', 'Image is missing');
  if (typeof image !== 'string' && image !== null) {
    return refuse(400, 'PropertyValueTypeError', 'Image must be a string');
  }
  if (image !== null && machine.media !== null && machine.media !== image) {
    return refuse(400, 'PropertyValueConflict', 'An image is in the drive already');
  }
  await machine.setMedia(image);
  return { statusCode: 200 };
}
