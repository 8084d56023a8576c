/**
 * The conditions of policies (IAM, "Policy Syntax" and "JSON Element Reference"): `{operator: {key: [values]}}`. All
 * operators and keys of a statement must hold; of several values one must fit, or none for the negated operators.
 */
import { invalid } from './errors.ts';
import { fitsGlob } from './glob.ts';
import { inNetwork, parseNetwork } from './ip-network.ts';

/** What is known of a request, by condition key in lower case. */
export type Circumstances = Readonly<Record<string, string | undefined>>;

/**
 * The keys that are filled here. A key that is not among them is refused when a document is written: a denial with it
 * would be taken for a lock and never close.
 */
export const conditionKeys = [
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

export type Condition = (circumstances: Circumstances) => boolean;

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

export const conditionOperators = [...Object.keys(operators), 'Null', 'IsNullOrEmpty'];

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
      if (!knownKeys.has(key.toLowerCase())) {
        throw invalid(
          `${place}: this condition key is not known here; known are ${conditionKeys.join(', ')}.`,
          'policy',
        );
      }
      return compileCondition(operator, key.toLowerCase(), toValues(values, place), place);
    });
  });
}

function compileCondition(name: string, key: string, wanted: string[], at: string): Condition {
  // A key has one value here, so that "for all" and "for any" differ only where it has none.
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
    return comparisons.some((fits) => fits(given)) !== isNegated;
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
