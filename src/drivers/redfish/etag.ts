/**
 * If-Match on PATCH. DSP0266 lets a service demand it (428) and refuse a stale tag (412); in the field Lenovo demands
 * it, others answer 412 to their own weak or quoted tag, and AMI and DGX take `*` (sushy connector, gofish
 * stripEtagQuotes, ansible#56150, community.general#3268). So the forms are tried in turn, the one that worked first.
 */
import { bestFirst, toWinner } from '../habits.ts';
import type { Answer } from './answer.ts';
import type { Client } from './bmc.ts';
import { toText } from './fields.ts';

const forms = ['given', 'strong', 'bare', 'none', 'any'] as const;
type EtagForm = (typeof forms)[number];

/** The tag of a resource: the header first, then the annotation in the body (DSP0266 "ETags"). */
function etagOf(resource: Answer): string | null {
  return toText(resource.headers['etag']) ?? toText(resource.body['@odata.etag']);
}

function inForm(form: EtagForm, given: string | null): string | null {
  if (form === 'none') return null;
  if (form === 'any') return '*';
  if (given === null) return null;
  const strong = given.replace(/^W\//, '');
  if (form === 'given') return given;
  return form === 'strong' ? strong : strong.replaceAll('"', '');
}

/** PATCHes with each form of the tag until the answer is neither 412 nor 428; that answer is returned. */
export async function patch(client: Client, resource: Answer, body: unknown): Promise<Answer> {
  const { bmc } = client;
  const given = etagOf(resource);
  const rungs = bestFirst(
    forms.map((name) => ({ name })),
    client.quirks.etagForm ?? null,
  );
  const tried = new Set<string | null>();
  let answer: Answer | null = null;
  for (const rung of bestFirst(rungs, bmc.habits.winnerOf('if_match'))) {
    const tag = inForm(rung.name, given);
    if (tried.has(tag)) continue;
    if (tried.size > 0) bmc.retried('etag');
    tried.add(tag);
    const headers: Record<string, string> = tag === null ? {} : { 'if-match': tag };
    answer = await client.send({ method: 'PATCH', path: resource.path, headers, body });
    if (answer.statusCode === 412 || answer.statusCode === 428) continue;
    if (answer.statusCode < 500) bmc.habits.learn('if_match', toWinner(rungs, rung));
    return answer;
  }
  return answer!; // there is always the form without a tag
}
