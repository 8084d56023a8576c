/**
 * The conditions of policies (IAM, "Policy Syntax" and "JSON Element Reference"): `{operator: {key: [values]}}`. All
 * operators and keys of a statement must hold; of several values one must fit, or none for the negated operators.
 */
import { invalid } from './errors.ts';
import { fitsGlob } from './glob.ts';
import type { Tag } from './resource-tags.ts';
import { inNetwork, parseNetwork } from './ip-network.ts';

/** What is known of a request, by condition key in lower case; keys of tags behind the slash as they are. */
export type Circumstances = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * The keys that are filled here. A key that is not among them is refused when a document is written: a denial with it
 * would be taken for a lock and never close.
 */
const conditionKeys = [
  'g:CurrentTime',
  'g:DomainId',
  'g:DomainName',
  'g:EnterpriseProjectId',
  'g:MFAAge',
  'g:MFAPresent',
  'g:PrincipalAccount',
  'g:PrincipalId',
  'g:PrincipalIsRootUser',
  'g:PrincipalType',
  'g:ProjectId',
  'g:ProjectName',
  'g:RequestedRegion',
  'g:ServiceName',
  'g:SourceIp',
  'g:TokenIssueTime',
  'g:UserAgent',
  'g:UserId',
  'g:UserName',
] as const;

const knownKeys = new Set(conditionKeys.map((key) => key.toLowerCase()));

/**
 * Keys about tags (IAM, "Using Tags to Control Access"): those that the resource has, and those that the call gives or
 * takes away. Of the keys of the two families the end is the key of a tag, whose case counts as that of tags does.
 */
const tagConditionKeys = ['g:ResourceTag/KEY', 'g:RequestTag/KEY', 'g:TagKeys'] as const;

const tagFamilies = ['g:resourcetag/', 'g:requesttag/'] as const;

/** As `Circumstances` has it; null where it is not known here. */
function normalKey(key: string): string | null {
  const lower = key.toLowerCase();
  const family = tagFamilies.find((prefix) => lower.startsWith(prefix) && lower.length > prefix.length);
  if (family !== undefined) return family + key.slice(family.length);
  return knownKeys.has(lower) || lower === 'g:tagkeys' ? lower : null;
}

/** What a policy may ask of the tags of one resource. */
export function ofResource(tags: readonly Tag[]): Circumstances {
  return Object.fromEntries(tags.map(({ key, value }) => [`g:resourcetag/${key}`, value]));
}

/** What a policy may ask of the tags that a call gives or takes away; nothing where it has none. */
export function ofRequest(tags: readonly Tag[]): Circumstances {
  if (tags.length === 0) return {};
  const values = tags.map(({ key, value }) => [`g:requesttag/${key}`, value] as const);
  return { ...Object.fromEntries(values), 'g:tagkeys': tags.map(({ key }) => key) };
}

export interface Condition {
  /** Asks for tags of the resource, so that it may hold for one and not for another. */
  isOnResource: boolean;
  holds(circumstances: Circumstances): boolean;
}

interface Operator {
  /** Whether a value of the document can be compared at all. */
  isForm: (wanted: string) => boolean;
  /** Prepares a value of the document, and compares what is given with it. */
  fits: (wanted: string) => (given: string) => boolean;
  isNegated?: boolean;
}

const anyText = () => true;
const isNumber = (text: string) => text.trim() !== '' && Number.isFinite(Number(text));
const isMoment = (text: string) => !Number.isNaN(Date.parse(text));
const isBool = (text: string) => /^(true|false)$/i.test(text);

const text = (fits: (given: string, wanted: string) => boolean): Operator => ({
  isForm: anyText,
  fits: (wanted) => (given) => fits(given, wanted),
});
const numbers = (fits: (given: number, wanted: number) => boolean): Operator => ({
  isForm: isNumber,
  fits: (wanted) => (given) => isNumber(given) && fits(Number(given), Number(wanted)),
});
const moments = (fits: (given: number, wanted: number) => boolean): Operator => ({
  isForm: isMoment,
  fits: (wanted) => (given) => isMoment(given) && fits(Date.parse(given), Date.parse(wanted)),
});
const not = (operator: Operator): Operator => ({ ...operator, isNegated: true });

const equals = text((given, wanted) => given === wanted);
const equalsIgnoreCase = text((given, wanted) => given.toLowerCase() === wanted.toLowerCase());
const matches = text((given, wanted) => fitsGlob(wanted, given));
const startsWith = text((given, wanted) => given.startsWith(wanted));
const endsWith = text((given, wanted) => given.endsWith(wanted));
const numberEquals = numbers((given, wanted) => given === wanted);
const dateEquals = moments((given, wanted) => given === wanted);
const ipAddress: Operator = {
  isForm: (wanted) => parseNetwork(wanted) !== null,
  fits: inNetwork,
};

/** Both generations together; the forms of 1.1 that end in `AnyOf` say what any list of values says. */
const operators: Readonly<Record<string, Operator>> = {
  StringEquals: equals,
  StringNotEquals: not(equals),
  StringEqualsIgnoreCase: equalsIgnoreCase,
  StringNotEqualsIgnoreCase: not(equalsIgnoreCase),
  StringMatch: matches,
  StringNotMatch: not(matches),
  StringLike: matches,
  StringNotLike: not(matches),
  StringStartWith: startsWith,
  StringNotStartWith: not(startsWith),
  StringEndWith: endsWith,
  StringNotEndWith: not(endsWith),
  NumberEquals: numberEquals,
  NumberNotEquals: not(numberEquals),
  NumberLessThan: numbers((given, wanted) => given < wanted),
  NumberLessThanEquals: numbers((given, wanted) => given <= wanted),
  NumberGreaterThan: numbers((given, wanted) => given > wanted),
  NumberGreaterThanEquals: numbers((given, wanted) => given >= wanted),
  DateEquals: dateEquals,
  DateNotEquals: not(dateEquals),
  DateLessThan: moments((given, wanted) => given < wanted),
  DateLessThanEquals: moments((given, wanted) => given <= wanted),
  DateGreaterThan: moments((given, wanted) => given > wanted),
  DateGreaterThanEquals: moments((given, wanted) => given >= wanted),
  Bool: { ...equalsIgnoreCase, isForm: isBool },
  IpAddress: ipAddress,
  NotIpAddress: not(ipAddress),
};

const conditionOperators = [...Object.keys(operators), 'Null', 'IsNullOrEmpty'];

/**
 * @param at where it stands in the document, for the words of a refusal
 * @throws invalid for an operator, a key or a value that is not known here
 */
export function compileConditions(block: unknown, at: string): Condition[] {
  if (!isRecord(block)) throw invalid(`${at} must be an object of operators.`, 'policy');
  return Object.entries(block).flatMap(([operator, keys]) => {
    if (!isRecord(keys)) throw invalid(`${at}.${operator} must be an object of condition keys.`, 'policy');
    return Object.entries(keys).map(([key, values]) => {
      const place = `${at}.${operator}.${key}`;
      const known = normalKey(key);
      if (known === null) {
        const all = [...conditionKeys, ...tagConditionKeys].join(', ');
        throw invalid(`${place}: this condition key is not known here; known are ${all}.`, 'policy');
      }
      return {
        isOnResource: known.startsWith(tagFamilies[0]),
        holds: compileCondition(operator, known, toValues(values, place), place),
      };
    });
  });
}

/** "For all" and "for any" differ where a key has several values (`g:TagKeys`), and where it has none. */
function compileCondition(name: string, key: string, wanted: string[], at: string): Condition['holds'] {
  const [, quantifier, whole] = /^(?:(ForAllValues|ForAnyValue):)?(.*)$/s.exec(name)!;
  if (whole === 'Null' || whole === 'IsNullOrEmpty') {
    checkForms(wanted, isBool, at);
    const isAbsent = wanted.some((it) => it.toLowerCase() === 'true');
    return (given) => (given[key] === undefined || given[key] === '') === isAbsent;
  }
  const isOptional = whole!.endsWith('IfExists');
  const plain = whole!.replace(/IfExists$/, '').replace(/(Equals|IgnoreCase|Like|Match|With)AnyOf$/, '$1');
  const operator = Object.hasOwn(operators, plain) ? operators[plain]! : undefined;
  if (!operator) {
    throw invalid(
      `${at}: there is no operator ${name}; there are ${conditionOperators.join(', ')}.`,
      'policy',
    );
  }
  checkForms(wanted, operator.isForm, at);
  const isNegated = operator.isNegated ?? false;
  const withoutValue = isOptional || quantifier === 'ForAllValues' || (isNegated && quantifier === undefined);
  const comparisons = wanted.map(operator.fits);
  return (circumstances) => {
    const given = circumstances[key];
    if (given === undefined) return withoutValue;
    const fitsAny = (value: string) => comparisons.some((fits) => fits(value));
    if (typeof given === 'string') return fitsAny(given) !== isNegated;
    if (quantifier === 'ForAllValues') return given.every((value) => fitsAny(value) !== isNegated);
    if (quantifier === 'ForAnyValue') return given.some((value) => fitsAny(value) !== isNegated);
    return given.some(fitsAny) !== isNegated;
  };
}

function checkForms(values: string[], isForm: (value: string) => boolean, at: string): void {
  const wrong = values.find((value) => !isForm(value));
  if (wrong !== undefined) throw invalid(`${at}: "${wrong}" cannot be compared in this way.`, 'policy');
}

function toValues(values: unknown, at: string): string[] {
  const given: unknown[] = Array.isArray(values) ? values : [values];
  const isPlain = (value: unknown) => ['string', 'number', 'boolean'].includes(typeof value);
  if (given.length === 0 || !given.every(isPlain)) {
    throw invalid(`${at} must have a list of values.`, 'policy');
  }
  return given.map(String);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
