/** Images and security groups among the things that a written request speaks of. */
import type { Cloud, Reply } from './cloud.ts';
import type { Make } from './things.ts';

/** Makes something by a call. */
type By = (method: string, path: string, body: unknown, take: (answer: Reply['body']) => string) => Make;

const smallDisk = 'a very small disk';
const bytesOf = (image: string, room: string, cloud: Cloud, bytes: string) =>
  cloud.call('PUT', `/image/v2/images/${image}/${room}`, bytes, {
    'content-type': 'application/octet-stream',
  });
/** An image without bytes, and one with. */
const emptyImage = (by: By): Make =>
  by(
    'POST',
    '/image/v2/images',
    {
      name: 'golden',
      disk_format: 'raw',
      container_format: 'bare',
      tags: ['blue'],
      os_distro: 'debian',
    },
    (answer) => answer.id,
  );
const imageWith =
  (by: By, bytes: string): Make =>
  async (get, cloud) => {
    const id = await emptyImage(by)(get, cloud);
    await bytesOf(id, 'file', cloud, bytes);
    return id;
  };
export const imageThings = (by: By): Record<string, Make> => ({
  'own image': imageWith(by, smallDisk),
  'spare queued image': emptyImage(by),
  'spare staged image': async (get, cloud) => {
    const id = await emptyImage(by)(get, cloud);
    await bytesOf(id, 'stage', cloud, smallDisk);
    return id;
  },
  'spare image': imageWith(by, smallDisk),
  'spare imported image': async (get, cloud) => {
    const id = await get('spare staged image');
    const show = () => cloud.call('GET', `/image/v2/images/${id}`);
    await cloud.call('POST', `/image/v2/images/${id}/import`, { method: { name: 'glance-direct' } });
    await cloud.until(show, ({ body }) => body.status === 'active');
    return id;
  },
  'spare deactivated image': async (get, cloud) => {
    const id = await get('spare image');
    await cloud.call('POST', `/image/v2/images/${id}/actions/deactivate`);
    return id;
  },
  'spare member': async (get, cloud) => {
    const member = await get('spare project');
    await cloud.call('POST', `/image/v2/images/${await get('spare image')}/members`, { member });
    return member;
  },
  'spare own member': async (get, cloud) => {
    await cloud.call('POST', `/image/v2/images/${await get('spare image')}/members`, {
      member: cloud.projectId,
    });
    return cloud.projectId;
  },
});

export const securityThings = (by: By): Record<string, Make> => ({
  'some security group': by(
    'GET',
    '/network/v2.0/security-groups',
    undefined,
    (a) => a.security_groups[0].id,
  ),
  'some rule': by(
    'GET',
    '/network/v2.0/security-group-rules',
    undefined,
    (a) => a.security_group_rules[0].id,
  ),

  'spare security group': by(
    'POST',
    '/network/v2.0/security-groups',
    { security_group: { name: 'web' } },
    (answer) => answer.security_group.id,
  ),
  'spare rule': by(
    'POST',
    '/network/v2.0/security-group-rules',
    {
      security_group_rule: {
        security_group_id: '<spare security group>',
        direction: 'ingress',
        protocol: 'tcp',
      },
    },
    (answer) => answer.security_group_rule.id,
  ),
});
