/**
 * Policies in both documented forms and what they decide. Version 1.1 (1.0 for the oldest system roles) is granted with a
 * role, version 5.0 is attached to users and groups; a caller may have both. A matching denial counts before everything,
 * then a matching allowance; what nobody speaks of is not allowed (IAM, "Permissions and Supported Actions").
 */
import { invalid } from './errors.ts';
import { fitsGlob } from './glob.ts';
import { compileConditions, isRecord, type Circumstances, type Condition } from './policy-conditions.ts';

export interface Statement {
  Sid?: string;
  Effect: 'Allow' | 'Deny';
  Action?: string[];
  NotAction?: string[];
  Resource?: string[];
  NotResource?: string[];
  Condition?: Record<string, Record<string, unknown>>;
}

export type PolicyVersion = '1.0' | '1.1' | '5.0';

export interface PolicyDocument {
  Version: PolicyVersion;
  Statement: Statement[];
  /** Of version 1.0: other roles that must be held beside it. Shown, not demanded. */
  Depends?: { catalog: string; display_name: string }[];
}

export type Verdict = 'allowed' | 'denied' | 'not-allowed';

/** One action, by all its names, on some resources at a place. */
export interface Question {
  names: readonly string[];
  /** Types of the resources in a URN; none where the action is not about single resources. */
  on: readonly string[];
  /** Ids of the resources, all of which must be allowed; none: not known, or all of them. */
  ids: readonly string[];
  region: string;
  accountId: string;
  /** What conditions may ask of one of the resources; nothing where its tags are not known. */
  ofResource?: (id: string) => Circumstances;
}

/** As documented, without the white space between the parts. */
const mostCharacters = 6_144;

/** `service:resource:operation`; CloudDC has actions with nothing in the middle. */
const actionForm = /^(\*|[a-z0-9*?-]+(:[A-Za-z0-9_*?-]*){1,2})$/;
/** `service:region:account:type:path`. */
const resourceForm = /^(\*|[^:\s]*:[^:\s]*:[^:\s]*:[^:\s]*:\S*)$/;

/**
 * @param versions those that may be written at this place
 * @throws invalid, with the place in the document
 */
export function parsePolicy(given: unknown, versions: readonly PolicyVersion[]): PolicyDocument {
  if (!isRecord(given)) throw invalid('A policy must be an object.', 'policy');
  const length = JSON.stringify(given).length;
  if (length > mostCharacters) {
    throw invalid(`A policy has at most ${mostCharacters} characters; this one has ${length}.`, 'policy');
  }
  checkMembers(given, ['Version', 'Statement'], 'The policy');
  const version = versions.find((it) => it === given['Version']);
  if (!version) throw invalid(`Version must be ${versions.join(' or ')}.`, 'policy');
  const statements = given['Statement'];
  if (!Array.isArray(statements) || statements.length === 0) {
    throw invalid('Statement must be a list of at least one statement.', 'policy');
  }
  for (const [at, statement] of statements.entries()) checkStatement(statement, version, `Statement[${at}]`);
  const document = given as unknown as PolicyDocument;
  // Conditions say themselves what is wrong with them.
  document.Statement.forEach(compileStatement);
  return document;
}

function checkMembers(given: Record<string, unknown>, known: string[], what: string): void {
  const unknown = Object.keys(given).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw invalid(`${what} has a member ${unknown}; there are ${known.join(', ')}.`, 'policy');
  }
}

function checkStatement(given: unknown, version: PolicyVersion, at: string): void {
  if (!isRecord(given)) throw invalid(`${at} must be an object.`, 'policy');
  const isFive = version === '5.0';
  const members = ['Effect', 'Action', 'Resource', 'Condition'];
  checkMembers(given, isFive ? [...members, 'Sid', 'NotAction', 'NotResource'] : members, at);
  if (given['Effect'] !== 'Allow' && given['Effect'] !== 'Deny') {
    throw invalid(`${at}.Effect must be Allow or Deny.`, 'policy');
  }
  const oneOf = (name: 'Action' | 'Resource') => {
    const [plain, negated] = [given[name], given[`Not${name}`]];
    if (plain !== undefined && negated !== undefined) {
      throw invalid(`${at} has both ${name} and Not${name}.`, 'policy');
    }
    return negated === undefined ? ([name, plain] as const) : ([`Not${name}`, negated] as const);
  };
  const [action, actions] = oneOf('Action');
  checkPatterns(actions, actionForm, 'service:resource:operation', `${at}.${action}`);
  const [resource, resources] = oneOf('Resource');
  if (resources !== undefined) {
    checkPatterns(resources, resourceForm, 'service:region:account:type:path', `${at}.${resource}`);
  }
}

function checkPatterns(given: unknown, form: RegExp, words: string, at: string): void {
  if (!Array.isArray(given) || given.length === 0) {
    throw invalid(`${at} must be a list of at least one pattern.`, 'policy');
  }
  for (const [index, pattern] of given.entries()) {
    if (typeof pattern !== 'string' || !form.test(pattern)) {
      throw invalid(`${at}[${index}] is not of the form ${words}.`, 'policy');
    }
  }
}

interface Compiled {
  isDenial: boolean;
  isNotAction: boolean;
  /** Patterns without a wildcard, prepared for comparing. */
  plain: ReadonlySet<string>;
  patterns: readonly string[];
  isNotResource: boolean;
  /** Null: all. */
  resources: readonly string[] | null;
  /** On the call as a whole. */
  conditions: readonly Condition[];
  /** On tags of the resource. */
  ofResource: readonly Condition[];
}

/** A service is written in one way; resource and operation are compared whatever their case. */
function comparable(name: string): string {
  const colon = name.indexOf(':');
  return colon < 0 ? name : name.slice(0, colon) + name.slice(colon).toLowerCase();
}

function compileStatement(statement: Statement, at: number): Compiled {
  const patterns = (statement.NotAction ?? statement.Action ?? []).map(comparable);
  const resources = statement.NotResource ?? statement.Resource ?? ['*'];
  const isWild = (pattern: string) => /[*?]/.test(pattern);
  const conditions =
    statement.Condition === undefined
      ? []
      : compileConditions(statement.Condition, `Statement[${at}].Condition`);
  return {
    isDenial: statement.Effect === 'Deny',
    isNotAction: statement.NotAction !== undefined,
    plain: new Set(patterns.filter((pattern) => !isWild(pattern))),
    patterns: patterns.filter(isWild),
    isNotResource: statement.NotResource !== undefined,
    resources: statement.NotResource === undefined && resources.includes('*') ? null : resources,
    conditions: conditions.filter(({ isOnResource }) => !isOnResource),
    ofResource: conditions.filter(({ isOnResource }) => isOnResource),
  };
}

/** The names by which the statement speaks of the action; null: it does not. */
function namesMeant(statement: Compiled, names: readonly string[]): readonly string[] | null {
  const found = names.filter((name) => {
    const key = comparable(name);
    return statement.plain.has(key) || statement.patterns.some((pattern) => fitsGlob(pattern, key));
  });
  if (statement.isNotAction) return found.length === 0 ? names : null;
  return found.length > 0 ? found : null;
}

interface Candidate {
  statement: Compiled;
  services: readonly string[];
}

/** What the statements of one caller say, with what was found out once kept for the next time. */
export interface Permissions {
  decide(question: Question, circumstances: () => Circumstances): Verdict;
  /** Whether there are any resources and circumstances in which it is allowed; a first look, before a body is read. */
  mayBeAllowed(names: readonly string[]): boolean;
  /** Whether any statement about it asks for tags of the resource. */
  weighsTags(names: readonly string[]): boolean;
}

export function compilePolicies(documents: readonly PolicyDocument[]): Permissions {
  const statements = documents.flatMap((document) => document.Statement.map(compileStatement));
  const known = new Map<string, Verdict | Candidate[]>();

  /** A verdict where it does not depend on anything else, or the statements that must be asked. */
  function about(names: readonly string[]): Verdict | Candidate[] {
    const key = names.join(' ');
    const remembered = known.get(key);
    if (remembered !== undefined) return remembered;
    const found = sift(statements, names);
    known.set(key, found);
    return found;
  }

  return {
    decide(question, circumstances) {
      const found = about(question.names);
      if (typeof found === 'string') return found;
      const given = circumstances();
      const inForce = found.filter(({ statement }) =>
        statement.conditions.every(({ holds }) => holds(given)),
      );
      const isAboutAll = ({ statement }: Candidate) =>
        statement.resources === null && statement.ofResource.length === 0;
      const denials = inForce.filter(({ statement }) => statement.isDenial);
      const allowances = inForce.filter(({ statement }) => !statement.isDenial);
      if (denials.some(isAboutAll)) return 'denied';
      const isAllowedAnyway = allowances.some(isAboutAll);
      if (denials.length === 0 && isAllowedAnyway) return 'allowed';
      const ids = question.on.length > 0 && question.ids.length > 0 ? question.ids : [''];
      let verdict: Verdict = 'allowed';
      for (const id of ids) {
        if (denials.some((candidate) => isAbout(candidate, question, id))) return 'denied';
        const isAllowed = isAllowedAnyway || allowances.some((one) => isAbout(one, question, id));
        if (!isAllowed) verdict = 'not-allowed';
      }
      return verdict;
    },
    mayBeAllowed(names) {
      const found = about(names);
      if (typeof found === 'string') return found === 'allowed';
      return found.some(({ statement }) => !statement.isDenial);
    },
    weighsTags(names) {
      const found = about(names);
      return typeof found !== 'string' && found.some(({ statement }) => statement.ofResource.length > 0);
    },
  };
}

function sift(statements: readonly Compiled[], names: readonly string[]): Verdict | Candidate[] {
  const candidates: Candidate[] = [];
  for (const statement of statements) {
    const meant = namesMeant(statement, names);
    if (meant) candidates.push({ statement, services: [...new Set(meant.map(toService))] });
  }
  const isPlain = ({ statement }: Candidate) =>
    statement.resources === null && statement.conditions.length === 0 && statement.ofResource.length === 0;
  const denials = candidates.filter(({ statement }) => statement.isDenial);
  if (denials.some(isPlain)) return 'denied';
  if (denials.length === candidates.length) return denials.length === 0 ? 'not-allowed' : candidates;
  return denials.length === 0 && candidates.some(isPlain) ? 'allowed' : candidates;
}

const toService = (name: string) => name.slice(0, name.indexOf(':'));

/** A resource that has no type can be meant only by a pattern that means all. */
function isAbout({ statement, services }: Candidate, question: Question, id: string): boolean {
  if (statement.ofResource.length > 0) {
    const tags = question.ofResource?.(id) ?? {};
    if (!statement.ofResource.every(({ holds }) => holds(tags))) return false;
  }
  if (statement.resources === null) return true;
  const types = question.on.length > 0 ? question.on : [''];
  const urns = services.flatMap((service) =>
    types.map((type) => [service, question.region, question.accountId, type, id].join(':')),
  );
  const isMeant = urns.some((urn) => statement.resources!.some((pattern) => fitsGlob(pattern, urn)));
  return isMeant !== statement.isNotResource;
}
