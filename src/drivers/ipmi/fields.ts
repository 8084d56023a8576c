/** Lines "name : value"; empty values and those that vendors leave at their defaults are no facts. */
export function toFields(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const found = /^\s*([^:]+?)\s*:\s*(.*\S)\s*$/.exec(line);
    if (!found || /^(0+|unknown|n\/a|none|default string|to be filled by o\.e\.m\.)$/i.test(found[2]!))
      continue;
    if (!fields.has(found[1]!)) fields.set(found[1]!, found[2]!);
  }
  return fields;
}
