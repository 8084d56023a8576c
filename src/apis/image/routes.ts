/** Glance v2, and the list of Huawei's image service (IMS) that clients read. */
import type { TSchema } from 'typebox';
import type { Action } from '../../core/actions.ts';
import type { Tag } from '../../core/resource-tags.ts';
import type { Api, Call, Route } from '../api.ts';
import type { Cloud, Handler } from './cloud.ts';
import * as content from './content.ts';
import { toError } from './errors.ts';
import * as images from './images.ts';
import * as members from './members.ts';
import { ImageBody, ImportBody, MemberBody, MemberStatusBody, schemaHandlers } from './schemas.ts';
import { tagInPath, tagsInPatch, tagsOfNew } from './request-tags.ts';
import * as tasks from './tasks.ts';

type Entry = [
  id: string,
  action: Action | null,
  method: Route['method'],
  path: string,
  summary: string,
  handler: Handler,
  more?: { body?: TSchema; takesStream?: true; isPolled?: true; tags?: (call: Call) => Tag[] },
];

const image = '/image/v2/images/:image_id';

// prettier-ignore
const entries: Entry[] = [
  ['versions', null, 'GET', '/image', 'List API versions', images.showVersions],
  ['named_versions', null, 'GET', '/image/versions', 'List API versions', images.showVersions],
  ['version', null, 'GET', '/image/v2', 'List API versions', images.showVersions],
  ['get_images', 'ims:images:list', 'GET', '/image/v2/images', 'List images', images.list],
  ['add_image', 'ims:images:create', 'POST', '/image/v2/images', 'Make an image without bytes', images.create, { body: ImageBody, tags: tagsOfNew }],
  ['get_image', 'ims:images:get', 'GET', image, 'Show an image', images.show, { isPolled: true }],
  ['modify_image', 'ims:images:update', 'PATCH', image, 'Change an image', images.change, { tags: tagsInPatch }],
  ['delete_image', 'ims:images:delete', 'DELETE', image, 'Delete an image', images.remove],
  ['upload_image', 'ims:images:upload', 'PUT', `${image}/file`, 'Upload the bytes of an image', content.upload, { takesStream: true }],
  ['download_image', 'ims:images:export', 'GET', `${image}/file`, 'Download the bytes of an image', content.download],
  ['stage_image', 'ims:images:upload', 'PUT', `${image}/stage`, 'Lay bytes aside for an import', content.stage, { takesStream: true }],
  ['import_image', 'ims:images:upload', 'POST', `${image}/import`, 'Import what was staged, or from a URL', content.importImage, { body: ImportBody }],
  ['get_image_tasks', 'ims:images:get', 'GET', `${image}/tasks`, 'List the imports of an image', tasks.listTasks, { isPolled: true }],
  ['deactivate', 'ims:images:update', 'POST', `${image}/actions/deactivate`, 'Keep an image from being used', images.deactivate],
  ['reactivate', 'ims:images:update', 'POST', `${image}/actions/reactivate`, 'Let an image be used again', images.reactivate],
  ['add_tag', 'ims:images:setTags', 'PUT', `${image}/tags/:tag`, 'Add a tag to an image', images.addTag, { tags: tagInPath }],
  ['delete_tag', 'ims:images:setTags', 'DELETE', `${image}/tags/:tag`, 'Take a tag from an image', images.removeTag, { tags: tagInPath }],
  ['get_members', 'ims:images:get', 'GET', `${image}/members`, 'List with whom an image is shared', members.listMembers],
  ['get_member', 'ims:images:get', 'GET', `${image}/members/:member_id`, 'Show a member of an image', members.showMember],
  ['add_member', 'ims:images:share', 'POST', `${image}/members`, 'Share an image with a project', members.addMember, { body: MemberBody }],
  ['modify_member', 'ims:images:share', 'PUT', `${image}/members/:member_id`, 'Accept or reject an image', members.setMember, { body: MemberStatusBody }],
  ['delete_member', 'ims:images:share', 'DELETE', `${image}/members/:member_id`, 'End sharing with a project', members.removeMember],
  ['import_info', 'ims:images:list', 'GET', '/image/v2/info/import', 'Show how images can be imported', tasks.showImportInfo],
  ['stores_info', 'ims:images:list', 'GET', '/image/v2/info/stores', 'List where bytes are kept', tasks.listStores],
  ['cloud_images', 'ims:images:list', 'GET', '/image/v2/cloudimages', 'List images as IMS does', images.listCloudImages],
  ['ims_cloud_images', 'ims:images:list', 'GET', '/v2/cloudimages', 'List images (IMS)', images.listCloudImages],
  ...schemaHandlers.map(([name, show]): Entry => [`${name}_schema`, 'ims:images:list', 'GET', `/image/v2/schemas/${name}`, `Show the schema of ${name}`, show]),
];

export function imageApi(cloud: Cloud): Api {
  return {
    name: 'image',
    title: 'Image v2',
    toError,
    routes: entries.map(([id, action, method, path, summary, handler, more]) => ({
      id,
      method,
      path,
      summary,
      ...(action === null ? { access: 'open' } : { action }),
      ...more,
      handle: (call) => handler(cloud, call),
    })),
    // What still comes in would hold up the stop.
    close: () => void cloud.intake.stop(),
  };
}
