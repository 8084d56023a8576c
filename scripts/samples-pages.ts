/** A page of samples per API: what is asked and what is answered, from tests/samples, where a test replays them. */
import { readSamples, sampledRoutes, type Sample, type SampledRoute } from '../tests/samples/samples.ts';
import { allApis } from './all-apis.ts';

export function samplesPages(): Record<string, string> {
  const routes = sampledRoutes();
  return Object.fromEntries(
    allApis().map((api) => {
      const parts = routes.filter((one) => one.api === api.name).map(toPart);
      return [`samples/${api.name}.md`, `${head(api.title)}\n${parts.join('\n')}`];
    }),
  );
}

const head = (title: string) => `# Samples: ${title}

Generated from \`tests/samples\` by \`npm run docs\`; do not edit. They were recorded from a running Ingot
(\`npm run samples\`), and a test replays them. \`<server>\` and the like stand for ids, \`<time>\` for times; long lists are
cut short. All requests but those of open calls have the header \`X-Auth-Token\`.
`;

function toPart({ route, file }: SampledRoute): string {
  return `## ${route.id}\n\n${route.summary}.\n\n${readSamples(file).map(toText).join('\n')}`;
}

function toText({ request, answer }: Sample): string {
  const asked = [`${request.method} ${request.path}`, ...headerLines(request.headers)].join('\n');
  const parts = [fence('http', asked)];
  if (request.body !== undefined) parts.push(fence('json', toJson(request.body)));
  if (!answer) return parts.join('\n');
  const isText = typeof answer.body === 'string';
  parts.push(
    [`Answer ${answer.status}`, ...headerLines(answer.headers)].join(', ').concat(isText ? '\n' : ':\n'),
  );
  if (answer.body !== undefined && !isText) parts.push(fence('json', toJson(answer.body)));
  else if (!isText) parts[parts.length - 1] = `Answer ${answer.status}, without a body.\n`;
  return parts.join('\n');
}

const headerLines = (headers: Record<string, string> = {}) =>
  Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
const fence = (language: string, text: string) => `\`\`\`${language}\n${text}\n\`\`\`\n`;

function toJson(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
