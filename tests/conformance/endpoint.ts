/**
 * What the published documents say of one call, as data: how it is asked, which codes a good answer has, which fields
 * with which JSON type, and which refusals there are and how each is reached. Placeholders such as `<server>` are the
 * things of tests/support/things.ts.
 */

/**
 * The letters of the documents: S string, I integer, B boolean, F number, O object, L list, null. `S|null` is either,
 * and a `?` at the end says that the field may be absent. An object has named fields, `'*'` is any name (at least one),
 * and a list says what each entry has (at least one entry).
 */
export type Fields = string | readonly [Fields] | { readonly [name: string]: Fields };

export interface Asked {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: unknown;
  /** Things that must be there though the request does not name them. */
  given?: string[];
}

export interface Refusal {
  status: number;
  /** As the envelope of the API has it: `BMS.0039`, `itemNotFound`, `CloudDC.0002`. */
  code?: string;
  /** What is different in the request that is refused. */
  asked: Partial<Asked> & { withoutToken?: boolean };
}

export interface Endpoint extends Asked {
  /** Of the inventory: V and C by the Huawei and OTC references, N by the BMS reference, X by that of the ECS. */
  id: string;
  ok: number[];
  answer?: Fields;
  refusals: Refusal[];
}

export type Said = Partial<Omit<Endpoint, 'id' | 'method' | 'path' | 'refusals'>>;

/** One line of a table: `['V04', 'GET /v1/…', 200, { … }, { '404 BMS.0040': 'GET …' }]`. */
export type Line = [
  id: string,
  call: string,
  ok: number | number[],
  said?: Said,
  refusals?: Record<string, Partial<Asked> | string>,
];

/**
 * @param everywhere refusals that each call of this API has, apart from those that its own line says
 */
export function table(lines: Line[], everywhere: (endpoint: Endpoint) => Refusal[] = () => []): Endpoint[] {
  return lines.map(([id, call, ok, said = {}, refusals = {}]) => {
    const endpoint: Endpoint = { id, ...toAsked(call), ok: [ok].flat(), ...said, refusals: [] };
    endpoint.refusals = [...everywhere(endpoint), ...Object.entries(refusals).map(toRefusal)];
    return endpoint;
  });
}

/** Names that only tell two refusals of one code apart stand behind a `#`. */
function toRefusal([name, asked]: [string, Partial<Asked> | string]): Refusal {
  const [status, code] = name.split('#')[0]!.trim().split(' ');
  return {
    status: Number(status),
    ...(code ? { code } : {}),
    asked: typeof asked === 'string' ? toAsked(asked) : asked,
  };
}

function toAsked(call: string): { method: string; path: string } {
  const [method = '', path = ''] = call.split(/ (.*)/);
  return { method, path };
}

/** A body that no parser takes. */
export const malformed = '{"server": ';

/** No token; and a body that is no JSON where there is a body. */
export function usualRefusals(
  unauthenticated: string | undefined,
  badJson: string,
): (e: Endpoint) => Refusal[] {
  return ({ body }) => [
    { status: 401, ...(unauthenticated ? { code: unauthenticated } : {}), asked: { withoutToken: true } },
    ...(body === undefined ? [] : [{ status: 400, code: badJson, asked: { body: malformed } }]),
  ];
}
