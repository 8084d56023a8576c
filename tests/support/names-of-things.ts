/** The other way: values of an answer become the names of things again, and what differs from run to run becomes a word. */

/** In this order: what comes first may hold what comes later. */
const volatile: [RegExp, string][] = [
  [/\breq-[0-9a-f-]{36}\b/g, '<request>'],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?/g, '<time>'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<id>'],
  [/\b[0-9a-f]{56,64}\b/g, '<hash>'],
  [/\b[0-9a-f]{32}\b/g, '<id>'],
  [/\b[0-9a-f]{2}(:[0-9a-f]{2}){15}\b/g, '<fingerprint>'],
  [/\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b/g, '<mac>'],
  [/\bCS[0-9A-F]{15}\b/g, '<order>'],
  [/\bsome-[0-9a-f]{8}\b/g, '<new name>'],
  [/\br-[0-9a-z]{8}\b/g, '<reservation>'],
];
/** What stands in such a field is told to nobody, nor kept. */
const secretFields: Record<string, string> = {
  adminPass: '<secret>',
  password: '<secret>',
  secret: '<secret>',
  securitytoken: '<secret>',
  private_key: '<secret>',
  access: '<access key>',
  audit_ids: '<audit id>',
  'x-subject-token': '<token>',
};

export function toNames<T>(value: T, names: Map<string, string>, key = ''): T {
  if (typeof value === 'string') return ((value && secretFields[key]) || nameText(value, names)) as T;
  if (Array.isArray(value)) return value.map((one: unknown) => toNames(one, names, key)) as T;
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [nameText(name, names), toNames(one, names, name)]),
  ) as T;
}

function nameText(text: string, names: Map<string, string>): string {
  let named = text;
  const longestFirst = [...names].toSorted(([a], [b]) => b.length - a.length);
  for (const [value, name] of longestFirst) named = named.replaceAll(value, `<${name}>`);
  for (const [pattern, name] of volatile) named = named.replace(pattern, name);
  return named;
}
