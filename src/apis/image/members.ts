/** With which projects an image is shared, and whether they accept it. */
import type { Static } from 'typebox';
import { notAllowed } from '../../core/errors.ts';
import type { Image } from '../../core/image.ts';
import { callerOf, ok, type Answer, type Call } from '../api.ts';
import { getImage, gone, projectOf, type Cloud } from './cloud.ts';
import type { MemberBody, MemberStatusBody } from './schemas.ts';
import { toMember } from './wire.ts';

async function getShared(cloud: Cloud, call: Call): Promise<{ image: Image; isOwner: boolean }> {
  const image = await getImage(cloud, call);
  if (image.visibility !== 'shared') throw notAllowed('Only shared images have members.');
  return { image, isOwner: callerOf(call).isAdmin || image.projectId === projectOf(call) };
}

export async function listMembers(cloud: Cloud, call: Call): Promise<Answer> {
  const { image, isOwner } = await getShared(cloud, call);
  const members = await cloud.images.listMembers(image.id);
  // A member sees itself only.
  const shown = isOwner ? members : members.filter(({ projectId }) => projectId === projectOf(call));
  return ok({ members: shown.map(toMember), schema: '/v2/schemas/members' });
}

export async function showMember(cloud: Cloud, call: Call): Promise<Answer> {
  const { image, isOwner } = await getShared(cloud, call);
  const id = call.params['member_id']!;
  const members = isOwner || id === projectOf(call) ? await cloud.images.listMembers(image.id) : [];
  const member = members.find(({ projectId }) => projectId === id);
  if (!member) throw gone(id);
  return ok(toMember(member));
}

export async function addMember(cloud: Cloud, call: Call): Promise<Answer> {
  const { member } = call.body as Static<typeof MemberBody>;
  const { image, isOwner } = await getShared(cloud, call);
  if (!isOwner) throw notAllowed('You are not permitted to create image members for the image.');
  return ok(toMember(await cloud.images.addMember(image.id, member)));
}

/** The project that it is shared with decides, and nobody else. */
export async function setMember(cloud: Cloud, call: Call): Promise<Answer> {
  const { status } = call.body as Static<typeof MemberStatusBody>;
  const { image } = await getShared(cloud, call);
  const id = call.params['member_id']!;
  if (id !== projectOf(call) && !callerOf(call).isAdmin) {
    throw notAllowed('You are not permitted to modify the status of this image member.');
  }
  const member = await cloud.images.setMemberStatus(image.id, id, status);
  if (!member) throw gone(id);
  return ok(toMember(member));
}

export async function removeMember(cloud: Cloud, call: Call): Promise<Answer> {
  const { image, isOwner } = await getShared(cloud, call);
  if (!isOwner) throw notAllowed('You cannot delete image member for the image.');
  const id = call.params['member_id']!;
  if (!(await cloud.images.removeMember(image.id, id))) throw gone(id);
  return { statusCode: 204 };
}
