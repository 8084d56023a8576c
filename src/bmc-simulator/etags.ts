/**
 * How BMCs treat ETags: not at all; given and checked when sent; or demanded (428 without, 412 with a wrong one).
 * `demanded-strong` gives weak tags and compares strongly, so that its own tag fails as given (RFC 9110 13.1.1);
 * `demanded-bare` wants the tag without its quotes; `refused` answers 412 to any tag, even the right one; `any` takes
 * nothing but `*`.
 */
export type EtagRule =
  'none' | 'strong' | 'demanded' | 'demanded-strong' | 'demanded-bare' | 'refused' | 'any';

export function toEtag(rule: EtagRule, path: string, revision: number): string | null {
  if (rule === 'none') return null;
  return `${rule === 'demanded-strong' ? 'W/' : ''}"${path.length.toString(16)}-${revision}"`;
}

/** 428, 412, or null when the request may go on. */
export function judgeEtag(
  rule: EtagRule,
  current: string | null,
  ifMatch: string | undefined,
): 428 | 412 | null {
  if (rule === 'any') return ifMatch === '*' ? null : 412;
  if (ifMatch === undefined) return rule.startsWith('demanded') ? 428 : null;
  if (rule === 'refused') return 412;
  if (current === null || ifMatch === '*') return rule === 'none' || rule === 'strong' ? null : 412;
  const strong = current.replace('W/', '');
  const expected = rule === 'demanded-bare' ? strong.replaceAll('"', '') : strong;
  return ifMatch === expected ? null : 412;
}
