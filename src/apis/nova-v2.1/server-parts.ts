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
      action: 'ecs:servers:getMetadata',
    },
  ],
  [
    metadata.merge,
    {
      id: 'N14',
      method: 'POST',
      path: '/servers/:server_id/metadata',
      summary: 'Add to the metadata of a server',
      action: 'ecs:servers:setMetadata',
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
      action: 'ecs:servers:setMetadata',
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
      action: 'ecs:servers:getMetadata',
    },
  ],
  [
    metadata.putOne,
    {
      id: 'N15',
      method: 'PUT',
      path: '/servers/:server_id/metadata/:key',
      summary: 'Set one metadata item',
      action: 'ecs:servers:setMetadata',
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
      action: 'ecs:servers:setMetadata',
    },
  ],
  [
    facts.listAddresses,
    {
      id: 'N17',
      method: 'GET',
      path: '/servers/:server_id/ips',
      summary: 'List the addresses of a server',
      action: 'ecs:servers:get',
    },
  ],
  [
    facts.showAddresses,
    {
      id: 'N18',
      method: 'GET',
      path: '/servers/:server_id/ips/:label',
      summary: 'List the addresses of a server in one network',
      action: 'ecs:servers:get',
    },
  ],
  [
    interfaces.list,
    {
      id: 'N22',
      method: 'GET',
      path: '/servers/:server_id/os-interface',
      summary: 'List the NICs of a server',
      action: 'ecs:serverInterfaces:list',
    },
  ],
  [
    interfaces.show,
    {
      id: 'N23',
      method: 'GET',
      path: '/servers/:server_id/os-interface/:port_id',
      summary: 'Show a NIC of a server',
      action: 'ecs:serverInterfaces:get',
    },
  ],
  [
    interfaces.attach,
    {
      id: 'X07',
      method: 'POST',
      path: '/servers/:server_id/os-interface',
      summary: 'Tie a server to another network',
      action: 'ecs:serverInterfaces:use',
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
      action: 'ecs:serverInterfaces:use',
    },
  ],
  [
    volumes.list,
    {
      id: 'N24',
      method: 'GET',
      path: '/servers/:server_id/os-volume_attachments',
      summary: 'List the volumes of a server',
      action: 'ecs:serverVolumes:list',
    },
  ],
  [
    volumes.show,
    {
      id: 'N25',
      method: 'GET',
      path: '/servers/:server_id/os-volume_attachments/:volume_id',
      summary: 'Show a volume of a server',
      action: 'ecs:serverVolumes:get',
    },
  ],
  [
    volumes.attach,
    {
      id: 'N26',
      method: 'POST',
      path: '/servers/:server_id/os-volume_attachments',
      summary: 'Attach a volume to a server',
      action: 'ecs:servers:attach',
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
      action: 'ecs:servers:detach',
    },
  ],
  [
    tags.list,
    {
      id: 'N32',
      method: 'GET',
      path: '/servers/:server_id/tags',
      summary: 'List the tags of a server',
      action: 'ecs:servers:getTags',
    },
  ],
  [
    tags.replace,
    {
      id: 'N33',
      method: 'PUT',
      path: '/servers/:server_id/tags',
      summary: 'Replace the tags of a server',
      action: 'ecs:servers:setTags',
      body: TagsBody,
      tags: tags.tagsInBody,
    },
  ],
  [
    tags.removeAll,
    {
      id: 'N34',
      method: 'DELETE',
      path: '/servers/:server_id/tags',
      summary: 'Remove all tags of a server',
      action: 'ecs:servers:setTags',
    },
  ],
  [
    tags.putOne,
    {
      id: 'N35',
      method: 'PUT',
      path: '/servers/:server_id/tags/:tag',
      summary: 'Put a tag on a server',
      action: 'ecs:servers:setTags',
      tags: tags.tagInPath,
    },
  ],
  [
    tags.showOne,
    {
      id: 'N36',
      method: 'GET',
      path: '/servers/:server_id/tags/:tag',
      summary: 'Ask whether a server has a tag',
      action: 'ecs:servers:getTags',
    },
  ],
  [
    tags.removeOne,
    {
      id: 'N37',
      method: 'DELETE',
      path: '/servers/:server_id/tags/:tag',
      summary: 'Take a tag off a server',
      action: 'ecs:servers:setTags',
      tags: tags.tagInPath,
    },
  ],
  [
    facts.showPassword,
    {
      id: 'X18',
      method: 'GET',
      path: '/servers/:server_id/os-server-password',
      summary: 'Show the encrypted password',
      action: 'ecs:servers:getPassword',
    },
  ],
  [
    facts.clearPassword,
    {
      id: 'X18-delete',
      method: 'DELETE',
      path: '/servers/:server_id/os-server-password',
      summary: 'Clear the encrypted password',
      action: 'ecs:servers:deletePassword',
    },
  ],
];
