/** How bytes may come in, where they are kept, and how imports of an image went. */
import { ok, type Answer, type Call } from '../api.ts';
import { getImage, type Cloud } from './cloud.ts';
import { toTask } from './wire.ts';

export function showImportInfo(): Answer {
  return ok({
    'import-methods': {
      description: 'Import methods available.',
      type: 'array',
      value: ['glance-direct', 'web-download'],
    },
  });
}

export function listStores(): Answer {
  return ok({ stores: [{ id: 'files', description: 'The folder of images', default: 'true' }] });
}

export async function listTasks(cloud: Cloud, call: Call): Promise<Answer> {
  const image = await getImage(cloud, call);
  const transfers = await cloud.transfers.listOfImage(image.id);
  const imports = transfers.filter(({ method }) => method === 'glance-direct' || method === 'web-download');
  return ok({ tasks: imports.map((it) => toTask(it, image.projectId)) });
}
