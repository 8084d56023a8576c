/** What an answer looks like, apart from its values: keys and JSON types. */

/** The differences of shape between an answer and its sample, one line each; none when they agree. */
export function differences(sample: unknown, actual: unknown, at = 'answer'): string[] {
  const [wanted, given] = [kindOf(sample), kindOf(actual)];
  if (wanted !== given) return [`${at} is ${given}, in the sample ${wanted}`];
  if (Array.isArray(sample)) return ofLists(sample, actual as unknown[], at);
  if (wanted === 'object') return ofObjects(sample as Fields, actual as Fields, at);
  return [];
}

type Fields = Record<string, unknown>;

function ofObjects(sample: Fields, actual: Fields, at: string): string[] {
  return Object.keys({ ...sample, ...actual }).flatMap((key) => {
    if (!Object.hasOwn(actual, key)) return [`${at} has no ${key}`];
    if (!Object.hasOwn(sample, key)) return [`${at}.${key} is not in the sample`];
    return differences(sample[key], actual[key], `${at}.${key}`);
  });
}

/** Each entry must look like one of the sample's; an empty list is another answer than a full one. */
function ofLists(sample: unknown[], actual: unknown[], at: string): string[] {
  if ((sample.length === 0) !== (actual.length === 0))
    return [`${at} has ${actual.length} entries, in the sample ${sample.length}`];
  return actual.flatMap((one, index) => {
    const found = sample.map((wanted) => differences(wanted, one, `${at}[${index}]`));
    return found.some((none) => none.length === 0) ? [] : (found[0] ?? []);
  });
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : typeof value;
}

const most = { scalars: 5, objects: 2 };

/** With a few entries of each list, those of every shape among them. */
export function thin<T>(value: T): T {
  if (value === null || typeof value !== 'object') return value;
  if (!Array.isArray(value))
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, thin(one)])) as T;
  const kept: unknown[] = [];
  for (const one of value.map(thin)) {
    const isScalar = one === null || typeof one !== 'object';
    const isNew = kept.every((other) => differences(other, one).length > 0);
    if (isNew || kept.length < (isScalar ? most.scalars : most.objects)) kept.push(one);
  }
  return kept as T;
}
