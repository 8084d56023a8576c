/** The routes below a server: what is said of it (metadata, tags) and what it is tied to (NICs, volumes). */
import type { Entry } from './cloud.ts';
import * as facts from './facts.ts';
import * as interfaces from './interfaces.ts';
import * as metadata from './metadata.ts';
import * as tags from './tags.ts';
import * as volumes from './volumes.ts';
import { AttachmentBody, InterfaceBody, MetaBody, MetadataBody, TagsBody } from './wire.ts';

export const serverParts: Entry[] = [
  [
    metadata.show,
    {
      id: 'N13',
      method: 'GET',
      path: '/servers/:server_id/metadata',
      summary: 'Show the metadata of a server',
      access: 'read',
      action: 'os_compute_api:server-metadata:index',
    },
  ],
  [
    metadata.merge,
    {
      id: 'N14',
      method: 'POST',
      path: '/servers/:server_id/metadata',
      summary: 'Add to the metadata of a server',
      access: 'write',
      action: 'os_compute_api:server-metadata:create',
      body: MetadataBody,
    },
  ],
  [
    metadata.replace,
    {
      id: 'X05',
      method: 'PUT',
      path: '/servers/:server_id/metadata',
      summary: 'Replace the metadata of a server',
      access: 'write',
      action: 'os_compute_api:server-metadata:update_all',
      body: MetadataBody,
    },
  ],
  [
    metadata.showOne,
    {
      id: 'X06',
      method: 'GET',
      path: '/servers/:server_id/metadata/:key',
      summary: 'Show one metadata item',
      access: 'read',
      action: 'os_compute_api:server-metadata:show',
    },
  ],
  [
    metadata.putOne,
    {
      id: 'N15',
      method: 'PUT',
      path: '/servers/:server_id/metadata/:key',
      summary: 'Set one metadata item',
      access: 'write',
      action: 'os_compute_api:server-metadata:update',
      body: MetaBody,
    },
  ],
  [
    metadata.removeOne,
    {
      id: 'N16',
      method: 'DELETE',
      path: '/servers/:server_id/metadata/:key',
      summary: 'Remove one metadata item',
      access: 'write',
      action: 'os_compute_api:server-metadata:delete',
    },
  ],
  [
    facts.listAddresses,
    {
      id: 'N17',
      method: 'GET',
      path: '/servers/:server_id/ips',
      summary: 'List the addresses of a server',
      access: 'read',
      action: 'os_compute_api:ips:index',
    },
  ],
  [
    facts.showAddresses,
    {
      id: 'N18',
      method: 'GET',
      path: '/servers/:server_id/ips/:label',
      summary: 'List the addresses of a server in one network',
      access: 'read',
      action: 'os_compute_api:ips:show',
    },
  ],
  [
    interfaces.list,
    {
      id: 'N22',
      method: 'GET',
      path: '/servers/:server_id/os-interface',
      summary: 'List the NICs of a server',
      access: 'read',
      action: 'os_compute_api:os-attach-interfaces:list',
    },
  ],
  [
    interfaces.show,
    {
      id: 'N23',
      method: 'GET',
      path: '/servers/:server_id/os-interface/:port_id',
      summary: 'Show a NIC of a server',
      access: 'read',
      action: 'os_compute_api:os-attach-interfaces:show',
    },
  ],
  [
    interfaces.attach,
    {
      id: 'X07',
      method: 'POST',
      path: '/servers/:server_id/os-interface',
      summary: 'Tie a server to another network',
      access: 'write',
      action: 'os_compute_api:os-attach-interfaces:create',
      body: InterfaceBody,
    },
  ],
  [
    interfaces.detach,
    {
      id: 'X08',
      method: 'DELETE',
      path: '/servers/:server_id/os-interface/:port_id',
      summary: 'Take a NIC off a server',
      access: 'write',
      action: 'os_compute_api:os-attach-interfaces:delete',
    },
  ],
  [
    volumes.list,
    {
      id: 'N24',
      method: 'GET',
      path: '/servers/:server_id/os-volume_attachments',
      summary: 'List the volumes of a server',
      access: 'read',
      action: 'os_compute_api:os-volumes-attachments:index',
    },
  ],
  [
    volumes.show,
    {
      id: 'N25',
      method: 'GET',
      path: '/servers/:server_id/os-volume_attachments/:volume_id',
      summary: 'Show a volume of a server',
      access: 'read',
      action: 'os_compute_api:os-volumes-attachments:show',
    },
  ],
  [
    volumes.attach,
    {
      id: 'N26',
      method: 'POST',
      path: '/servers/:server_id/os-volume_attachments',
      summary: 'Attach a volume to a server',
      access: 'write',
      action: 'os_compute_api:os-volumes-attachments:create',
      body: AttachmentBody,
    },
  ],
  [
    volumes.detach,
    {
      id: 'N27',
      method: 'DELETE',
      path: '/servers/:server_id/os-volume_attachments/:volume_id',
      summary: 'Detach a volume from a server',
      access: 'write',
      action: 'os_compute_api:os-volumes-attachments:delete',
    },
  ],
  [
    tags.list,
    {
      id: 'N32',
      method: 'GET',
      path: '/servers/:server_id/tags',
      summary: 'List the tags of a server',
      access: 'read',
      action: 'os_compute_api:os-server-tags:index',
    },
  ],
  [
    tags.replace,
    {
      id: 'N33',
      method: 'PUT',
      path: '/servers/:server_id/tags',
      summary: 'Replace the tags of a server',
      access: 'write',
      action: 'os_compute_api:os-server-tags:update_all',
      body: TagsBody,
    },
  ],
  [
    tags.removeAll,
    {
      id: 'N34',
      method: 'DELETE',
      path: '/servers/:server_id/tags',
      summary: 'Remove all tags of a server',
      access: 'write',
      action: 'os_compute_api:os-server-tags:delete_all',
    },
  ],
  [
    tags.putOne,
    {
      id: 'N35',
      method: 'PUT',
      path: '/servers/:server_id/tags/:tag',
      summary: 'Put a tag on a server',
      access: 'write',
      action: 'os_compute_api:os-server-tags:update',
    },
  ],
  [
    tags.showOne,
    {
      id: 'N36',
      method: 'GET',
      path: '/servers/:server_id/tags/:tag',
      summary: 'Ask whether a server has a tag',
      access: 'read',
      action: 'os_compute_api:os-server-tags:show',
    },
  ],
  [
    tags.removeOne,
    {
      id: 'N37',
      method: 'DELETE',
      path: '/servers/:server_id/tags/:tag',
      summary: 'Take a tag off a server',
      access: 'write',
      action: 'os_compute_api:os-server-tags:delete',
    },
  ],
  [
    facts.showPassword,
    {
      id: 'X18',
      method: 'GET',
      path: '/servers/:server_id/os-server-password',
      summary: 'Show the encrypted password',
      access: 'read',
      action: 'os_compute_api:os-server-password:show',
    },
  ],
  [
    facts.clearPassword,
    {
      id: 'X18-delete',
      method: 'DELETE',
      path: '/servers/:server_id/os-server-password',
      summary: 'Clear the encrypted password',
      access: 'write',
      action: 'os_compute_api:os-server-password:clear',
    },
  ],
];
