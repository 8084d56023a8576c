/**
 * Examples for `/openapi.json`: the samples that a test replays (tests/samples), so that none can be out of date. They
 * come with the package; without the folder there are no examples, and all else is as it was.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface Sample {
  request: { body?: unknown; headers?: Record<string, string> };
  answer: { status: number; body?: unknown; headers?: Record<string, string> };
}

/** As far as examples are put into it. */
interface Operation {
  operationId?: string;
  requestBody?: { content?: Record<string, Media> };
  responses?: Record<string, { description: string; content?: Record<string, Media> }>;
}
interface Media {
  examples?: Record<string, { value: unknown }>;
}

/** From `src/apis` and from `dist/apis` alike. */
const folder = fileURLToPath(new URL('../../tests/samples', import.meta.url));
const json = 'application/json';

/** Puts the samples of each operation into the document; operations are found by `API.ID`. */
export function addExamples<T extends { paths?: object }>(document: T): T {
  const samples = readAll();
  for (const methods of Object.values(document.paths ?? {})) {
    for (const operation of Object.values(methods as Record<string, Operation>)) {
      const own = samples.get(fileName(operation.operationId ?? ''));
      if (own) addTo(operation, own);
    }
  }
  return document;
}

/** `nova-v2.1.N09-N11` → `nova-v2.1.n09-n11` */
const fileName = (operationId: string) => operationId.toLowerCase().replaceAll('_', '-');

function readAll(): Map<string, Sample[]> {
  const found = new Map<string, Sample[]>();
  if (!existsSync(folder)) return found;
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.json')) continue;
    const name = path.slice(0, -'.json'.length).replace(/[\\/]/, '.');
    found.set(name, JSON.parse(readFileSync(`${folder}/${path}`, 'utf8')) as Sample[]);
  }
  return found;
}

function addTo(operation: Operation, samples: Sample[]): void {
  // What the framework says of a route without a schema for answers.
  delete operation.responses?.['200'];
  for (const [index, { request, answer }] of samples.entries()) {
    const name = `sample ${index + 1}`;
    if (request.body !== undefined) {
      operation.requestBody ??= { content: {} };
      put((operation.requestBody.content ??= {}), name, request.body, request.headers?.['content-type']);
    }
    operation.responses ??= {};
    const told = (operation.responses[answer.status] ??= { description: 'As in the samples' });
    if (answer.body !== undefined)
      put((told.content ??= {}), name, answer.body, answer.headers?.['content-type']);
  }
}

function put(content: Record<string, Media>, name: string, value: unknown, kind = json): void {
  const media = (content[kind] ??= {});
  media.examples = { ...media.examples, [name]: { value } };
}
