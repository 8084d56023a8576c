/** Glance v2, as far as clients need it to make servers: reading images. */
import type { Answer, Api, Call, Route } from '../api.ts';
import { toError } from './errors.ts';
import * as images from './images.ts';

type Handler = (cloud: images.Cloud, call: Call) => Promise<Answer> | Answer;

export function imageApi(cloud: images.Cloud): Api {
  const get = (
    id: string,
    path: string,
    summary: string,
    handler: Handler,
    access: Route['access'] = 'read',
  ): Route => ({
    id,
    method: 'GET',
    path: `/image${path}`,
    summary,
    access,
    action: `image:${id}`,
    handle: (call) => handler(cloud, call),
  });
  return {
    name: 'image',
    title: 'Image v2',
    toError,
    routes: [
      get('versions', '', 'List API versions', images.showVersions, 'open'),
      get('version', '/v2', 'List API versions', images.showVersions, 'open'),
      get('get_images', '/v2/images', 'List images', images.list),
      get('get_image', '/v2/images/:image_id', 'Show an image', images.show),
      get('image_schema', '/v2/schemas/image', 'Show the schema of an image', images.showImageSchema),
      get(
        'images_schema',
        '/v2/schemas/images',
        'Show the schema of a list of images',
        images.showImagesSchema,
      ),
    ],
  };
}
