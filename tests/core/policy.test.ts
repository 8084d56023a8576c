/** Policies: what they decide, compared with a plain reading of the published rules, and what is refused when written. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { actions, allActions } from '../../src/core/actions.ts';
import { fitsGlob } from '../../src/core/glob.ts';
import { compilePolicies, parsePolicy, type PolicyDocument, type Statement } from '../../src/core/policy.ts';
import { ofRequest, ofResource, type Circumstances } from '../../src/core/policy-conditions.ts';
import { systemPolicies, systemRoles } from '../../src/core/system-policies.ts';

interface Surroundings {
  on: string[];
  ids: string[];
  given: Circumstances;
  /** Tags of the resources, by id. */
  tags: Record<string, Record<string, string>>;
}

const place = { region: 'eu-de', accountId: 'acct' };
const ask = (
  documents: PolicyDocument[],
  names: string[],
  { on = [], ids = [], given = {}, tags = {} }: Partial<Surroundings> = {},
) =>
  compilePolicies(documents).decide(
    { names, on, ids, ...place, ofResource: (id) => ofResource(toTags(tags[id] ?? {})) },
    () => given,
  );
const toTags = (tags: Record<string, string>) => Object.entries(tags).map(([key, value]) => ({ key, value }));
const one = (statement: Statement, Version: '1.1' | '5.0' = '1.1'): PolicyDocument => ({
  Version,
  Statement: [statement],
});
const allow = (...Action: string[]) => one({ Effect: 'Allow', Action });
const deny = (...Action: string[]) => one({ Effect: 'Deny', Action });

describe('a decision', () => {
  it('is no where nobody speaks of the action', () => {
    expect(ask([], ['bms:servers:stop'])).toBe('not-allowed');
    expect(ask([allow('bms:servers:start')], ['bms:servers:stop'])).toBe('not-allowed');
  });

  it('is a denial where anybody denies, whatever the version and the order', () => {
    for (const documents of [
      [allow('*'), deny('bms:servers:stop')],
      [deny('bms:servers:stop'), allow('*')],
      [one({ Effect: 'Deny', Action: ['bms:servers:*'] }, '5.0'), allow('bms:servers:stop')],
    ]) {
      expect(ask(documents, ['bms:servers:stop'])).toBe('denied');
    }
  });

  it('takes an allowance of either version', () => {
    const five = one({ Effect: 'Allow', Action: ['bms:servers:stop'] }, '5.0');
    expect(ask([allow('evs:*'), five], ['bms:servers:stop'])).toBe('allowed');
    expect(ask([five, allow('evs:*')], ['evs:volumes:get'])).toBe('allowed');
  });

  it.each([
    ['bms:servers:stop', 'bms:servers:stop', true],
    ['bms:Servers:STOP', 'bms:servers:stop', true],
    ['BMS:servers:stop', 'bms:servers:stop', false],
    ['bms:*:get*', 'bms:serverFlavors:get', true],
    ['bms:*:get*', 'bms:servers:list', false],
    ['bms:*', 'bms:servers:list', true],
    ['*:*:*', 'bms:servers:list', true],
    ['clouddc::list*', 'clouddc::listAlarm', true],
    ['clouddc:*:list*', 'clouddc::listAlarm', true],
    ['ecs:*', 'bms:servers:list', false],
  ])('of the pattern %s about %s is %s', (pattern, name, isAllowed) => {
    expect(ask([allow(pattern)], [name])).toBe(isAllowed ? 'allowed' : 'not-allowed');
  });

  it('knows an action by each of its names', () => {
    const { names } = actions['bms:servers:showResetPasswordFlag'];
    expect(names).toEqual(['bms:servers:get', 'bms:servers:showResetPasswordFlag']);
    for (const name of names) expect(ask([allow(name)], [...names])).toBe('allowed');
    expect(ask([allow('bms:*'), deny('bms:servers:get')], [...names])).toBe('denied');
  });

  it('about resources needs all of them allowed, and one denied is enough', () => {
    const on = ['instance', 'server'];
    const some = one(
      { Effect: 'Allow', Action: ['bms:servers:stop'], Resource: ['bms:*:*:instance:a*'] },
      '5.0',
    );
    expect(ask([some], ['bms:servers:stop'], { on, ids: ['a1', 'a2'] })).toBe('allowed');
    expect(ask([some], ['bms:servers:stop'], { on, ids: ['a1', 'b1'] })).toBe('not-allowed');
    const but = one({ Effect: 'Deny', Action: ['bms:*'], Resource: ['bms:eu-de:acct:server:b1'] });
    expect(ask([allow('bms:*'), but], ['bms:servers:stop'], { on, ids: ['a1', 'b1'] })).toBe('denied');
    expect(ask([allow('bms:*'), but], ['bms:servers:stop'], { on, ids: ['a1'] })).toBe('allowed');
  });

  it('about no single resource is met by patterns that mean all, only', () => {
    const of = (...Resource: string[]) => one({ Effect: 'Allow', Action: ['bms:servers:list'], Resource });
    expect(ask([of('*')], ['bms:servers:list'])).toBe('allowed');
    expect(ask([of('bms:*:*:*:*')], ['bms:servers:list'])).toBe('allowed');
    expect(ask([of('bms:*:*:instance:*')], ['bms:servers:list'])).toBe('not-allowed');
  });

  it('of NotAction and NotResource means what is left', () => {
    const but = one({ Effect: 'Allow', NotAction: ['iam:*'] }, '5.0');
    expect(ask([but], ['bms:servers:stop'])).toBe('allowed');
    expect(ask([but], ['identity:create_user', 'iam:users:createUser'])).toBe('not-allowed');
    const on = ['instance'];
    const rest = one({ Effect: 'Allow', Action: ['bms:*'], NotResource: ['bms:*:*:instance:x'] }, '5.0');
    expect(ask([rest], ['bms:servers:stop'], { on, ids: ['y'] })).toBe('allowed');
    expect(ask([rest], ['bms:servers:stop'], { on, ids: ['x'] })).toBe('not-allowed');
  });

  it('before the body is read is no only where nothing could make it a yes', () => {
    const some = one({ Effect: 'Allow', Action: ['bms:servers:stop'], Resource: ['bms:*:*:instance:a'] });
    expect(compilePolicies([some]).mayBeAllowed(['bms:servers:stop'])).toBe(true);
    expect(compilePolicies([some]).mayBeAllowed(['bms:servers:start'])).toBe(false);
    expect(compilePolicies([some, deny('bms:*')]).mayBeAllowed(['bms:servers:stop'])).toBe(false);
  });
});

/** The rules read plainly, statement by statement. */
function naive(documents: PolicyDocument[], name: string, urn: string): string {
  const fits = (pattern: string, text: string) =>
    new RegExp(
      `^${pattern
        .split('*')
        .map((it) => it.replace(/[^a-zA-Z0-9]/g, '\\$&'))
        .join('[^]*')}$`,
    ).test(text);
  const low = (text: string) => text.toLowerCase();
  const applies = (statement: Statement) => {
    const meant = (statement.Action ?? statement.NotAction)!.some((it) => fits(low(it), low(name)));
    const about = (statement.Resource ?? statement.NotResource ?? ['*']).some((it) => fits(it, urn));
    return (
      meant === (statement.Action !== undefined) && (statement.NotResource === undefined ? about : !about)
    );
  };
  const matching = documents.flatMap((document) => document.Statement).filter(applies);
  if (matching.some(({ Effect }) => Effect === 'Deny')) return 'denied';
  return matching.length > 0 ? 'allowed' : 'not-allowed';
}

describe('any policies', () => {
  const service = fc.constantFrom('bms', 'ecs');
  const part = fc.constantFrom('servers', 'stop', 'start', 'get', 's*', '*', '*t*', '**');
  const action = fc.oneof(
    fc.constant('*'),
    fc.tuple(service, part, part).map((parts) => parts.join(':')),
    fc.tuple(service, part).map((parts) => parts.join(':')),
  );
  const resource = fc.oneof(
    fc.constant('*'),
    fc
      .tuple(service, fc.constantFrom('*', 'eu-de'), fc.constantFrom('*', 'acct', 'other'), part, part)
      .map((parts) => parts.join(':')),
  );
  const some = <T>(of: fc.Arbitrary<T>) => fc.array(of, { minLength: 1, maxLength: 3 });
  const effect = fc.constantFrom('Allow' as const, 'Deny' as const);
  const statement: fc.Arbitrary<Statement> = fc.oneof(
    fc.record({ Effect: effect, Action: some(action) }),
    fc.record({ Effect: effect, Action: some(action), Resource: some(resource) }),
    fc.record({ Effect: effect, NotAction: some(action), NotResource: some(resource) }),
  );
  const documents = fc.array(
    some(statement).map((Statement) => ({ Version: '5.0' as const, Statement })),
    {
      maxLength: 3,
    },
  );

  it('decide as the rules read, for one resource', () => {
    const names = fc.constantFrom('bms:servers:stop', 'bms:servers:get', 'ecs:servers:start', 'ecs:s:t');
    fc.assert(
      fc.property(documents, names, fc.constantFrom('servers', 'stop'), (given, name, id) => {
        const question = { names: [name], on: ['servers'], ids: [id], ...place };
        const urn = `${name.slice(0, 3)}:eu-de:acct:servers:${id}`;
        expect(compilePolicies(given).decide(question, () => ({}))).toBe(naive(given, name, urn));
      }),
      { numRuns: 3_000 },
    );
  });

  it('decide twice the same, and allow no more when something is added that denies', () => {
    fc.assert(
      fc.property(documents, statement, (given, more) => {
        const question = { names: ['bms:servers:stop'], on: ['servers'], ids: ['stop'], ...place };
        const permissions = compilePolicies(given);
        const first = permissions.decide(question, () => ({}));
        expect(permissions.decide(question, () => ({}))).toBe(first);
        const added = compilePolicies([...given, one({ ...more, Effect: 'Deny' }, '5.0')]);
        if (added.decide(question, () => ({})) === 'allowed') expect(first).toBe('allowed');
      }),
    );
  });

  it('match patterns as a regular expression does', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', ':'), maxLength: 8 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 6 });
    fc.assert(
      fc.property(pattern, text, (wanted, given) => {
        const expression = new RegExp(`^${wanted.replaceAll('*', '[^]*').replaceAll('?', '[^]')}$`);
        expect(fitsGlob(wanted, given)).toBe(expression.test(given));
      }),
    );
  });
});

describe('a condition', () => {
  const holds = (Condition: Statement['Condition'], given: Circumstances) =>
    ask([one({ Effect: 'Allow', Action: ['*'], Condition })], ['bms:servers:stop'], { given }) === 'allowed';

  it.each<[operator: string, value: unknown, given: string | undefined, isHeld: boolean]>([
    ['StringEquals', ['ann', 'bob'], 'bob', true],
    ['StringEquals', ['ann'], 'Ann', false],
    ['StringEquals', ['ann'], undefined, false],
    ['StringEqualsIfExists', ['ann'], undefined, true],
    ['StringEqualsIfExists', ['ann'], 'bob', false],
    ['StringNotEquals', ['ann', 'bob'], 'bob', false],
    ['StringNotEquals', ['ann'], undefined, true],
    ['StringEqualsIgnoreCase', ['ann'], 'ANN', true],
    ['StringMatch', ['a*n'], 'aXXn', true],
    ['StringNotMatch', ['a*n'], 'aXXn', false],
    ['StringStartWith', 'an', 'ann', true],
    ['StringEndWith', ['nn'], 'ann', true],
    ['StringNotEndWith', ['nn'], 'ann', false],
    ['StringLikeAnyOf', ['b*', 'a*'], 'ann', true],
    ['NumberLessThan', [5], '4', true],
    ['NumberLessThan', [5], 'four', false],
    ['NumberGreaterThanEquals', ['5'], '5', true],
    ['DateLessThan', ['2030-01-01T00:00:00Z'], '2026-01-01T00:00:00.000Z', true],
    ['DateGreaterThanEquals', ['2030-01-01T00:00:00Z'], '2026-01-01T00:00:00.000Z', false],
    ['Bool', ['true'], 'TRUE', true],
    ['Bool', [false], 'true', false],
    ['IpAddress', ['10.0.0.0/8', '192.0.2.1'], '10.9.8.7', true],
    ['IpAddress', ['10.0.0.0/8'], '11.0.0.1', false],
    ['IpAddress', ['10.0.0.0/8'], '::ffff:10.0.0.1', true],
    ['IpAddress', ['2001:db8::/32'], '2001:db8:1::1', true],
    ['IpAddress', ['2001:db8::/32'], '10.0.0.1', false],
    ['NotIpAddress', ['10.0.0.0/8'], '11.0.0.1', true],
    ['Null', ['true'], undefined, true],
    ['Null', ['false'], undefined, false],
    ['Null', ['false'], 'ann', true],
    ['ForAllValues:StringEquals', ['ann'], undefined, true],
    ['ForAnyValue:StringNotEquals', ['ann'], undefined, false],
  ])('%s %j is, of %j, %s', (operator, value, given, isHeld) => {
    const known: Record<string, string> = given === undefined ? {} : { 'g:username': given };
    expect(holds({ [operator]: { 'g:UserName': value } }, known)).toBe(isHeld);
  });

  it('holds when all its parts do, and keys are named in any case', () => {
    const both = {
      StringEquals: { 'G:username': ['ann'], 'g:ProjectName': ['eu-de'] },
      Bool: { 'g:MFAPresent': ['false'] },
    };
    const given = { 'g:username': 'ann', 'g:projectname': 'eu-de', 'g:mfapresent': 'false' };
    expect(holds(both, given)).toBe(true);
    expect(holds(both, { ...given, 'g:projectname': 'eu-nl' })).toBe(false);
  });

  it.each<[operator: string, value: string[], given: string[], isHeld: boolean]>([
    ['ForAnyValue:StringEquals', ['env', 'team'], ['env', 'x'], true],
    ['ForAnyValue:StringEquals', ['env'], ['x'], false],
    ['ForAnyValue:StringNotEquals', ['env'], ['env', 'x'], true],
    ['ForAnyValue:StringEquals', ['env'], [], false],
    ['ForAllValues:StringEquals', ['env', 'team'], ['env', 'x'], false],
    ['ForAllValues:StringLike', ['e*', 'team'], ['env', 'team'], true],
    ['ForAllValues:StringNotEquals', ['env'], ['env', 'x'], false],
    ['ForAllValues:StringEquals', ['env'], [], true],
    ['StringEquals', ['env'], ['x', 'env'], true],
    ['StringNotEquals', ['env'], ['x', 'env'], false],
    ['Null', ['true'], [], true],
  ])('%s %j is, of the tags %j in a request, %s', (operator, value, keys, isHeld) => {
    const given = ofRequest(keys.map((key) => ({ key, value: '' })));
    expect(holds({ [operator]: { 'g:TagKeys': value } }, given)).toBe(isHeld);
  });

  it('on a tag takes the key of the tag as it is, and the rest in any case', () => {
    const Condition = { StringEquals: { 'G:requesttag/Team': ['blue'] } };
    expect(holds(Condition, ofRequest([{ key: 'Team', value: 'blue' }]))).toBe(true);
    expect(holds(Condition, ofRequest([{ key: 'team', value: 'blue' }]))).toBe(false);
    expect(holds(Condition, ofResource([{ key: 'Team', value: 'blue' }]))).toBe(false);
  });

  it.each(['1.1', '5.0'] as const)('on tags of a resource is asked for each of them, in %s', (version) => {
    const Condition = { StringEquals: { 'g:ResourceTag/team': ['blue'] } };
    const tags = { a: { team: 'blue' }, b: { team: 'blue', env: 'prod' }, c: { team: 'red' }, d: {} };
    const about = (documents: PolicyDocument[], ...ids: string[]) =>
      ask(documents, ['bms:servers:stop'], { on: ['instance'], ids, tags });
    const allowance = one({ Effect: 'Allow', Action: ['bms:*'], Condition }, version);
    expect(about([allowance], 'a', 'b')).toBe('allowed');
    expect(about([allowance], 'a', 'c')).toBe('not-allowed');
    expect(about([allowance], 'd')).toBe('not-allowed');
    expect(about([allowance]), 'no resource has no tags').toBe('not-allowed');
    const denial = one({ Effect: 'Deny', Action: ['bms:*'], Condition }, version);
    expect(about([allow('*'), denial], 'c', 'd')).toBe('allowed');
    expect(about([allow('*'), denial], 'c', 'a')).toBe('denied');
    // Both must fit the same one.
    const bound = one(
      { Effect: 'Allow', Action: ['bms:*'], Resource: ['bms:*:*:instance:b'], Condition },
      version,
    );
    expect(about([bound], 'b')).toBe('allowed');
    expect(about([bound], 'a')).toBe('not-allowed');
  });

  it('that does not hold makes its denial void, too', () => {
    const Condition = { IpAddress: { 'g:SourceIp': ['10.0.0.0/8'] } };
    const documents = [allow('*'), one({ Effect: 'Deny', Action: ['bms:*'], Condition })];
    const from = (ip: string) => ask(documents, ['bms:servers:stop'], { given: { 'g:sourceip': ip } });
    expect([from('10.1.1.1'), from('192.0.2.1')]).toEqual(['denied', 'allowed']);
  });
});

describe('a document', () => {
  const good = { Version: '1.1', Statement: [{ Effect: 'Allow', Action: ['bms:servers:list'] }] };
  const withStatement = (statement: object, Version = '1.1') => ({ Version, Statement: [statement] });

  it('of either form is taken as it is', () => {
    expect(parsePolicy(good, ['1.1'])).toBe(good);
    const five = {
      Version: '5.0',
      Statement: [
        { Sid: 'one', Effect: 'Deny', NotAction: ['bms:*:get*'], NotResource: ['bms:*:*:instance:a'] },
        {
          Effect: 'Allow',
          Action: ['*'],
          Resource: ['*'],
          Condition: { IpAddress: { 'g:SourceIp': ['10.0.0.0/8'] } },
        },
      ],
    };
    expect(parsePolicy(five, ['5.0'])).toBe(five);
  });

  it.each<[what: string, given: unknown, message: RegExp]>([
    ['nothing', null, /^A policy must be an object/],
    ['another version', { ...good, Version: '1.0' }, /^Version must be 1\.1/],
    ['no statement', { ...good, Statement: [] }, /^Statement must be a list/],
    ['an unknown member', { ...good, Id: 'x' }, /^The policy has a member Id/],
    ['no effect', withStatement({ Action: ['*'] }), /^Statement\[0\]\.Effect must be Allow or Deny/],
    ['no action', withStatement({ Effect: 'Allow' }), /^Statement\[0\]\.Action must be a list/],
    [
      'an action of one part',
      withStatement({ Effect: 'Allow', Action: ['stop'] }),
      /^Statement\[0\]\.Action\[0\] is not of the form/,
    ],
    ['NotAction in 1.1', withStatement({ Effect: 'Allow', NotAction: ['*'] }), /has a member NotAction/],
    [
      'a short resource',
      withStatement({ Effect: 'Allow', Action: ['*'], Resource: ['bms:x'] }),
      /Resource\[0\] is not of the form service:region/,
    ],
    [
      'an unknown operator',
      withStatement({ Effect: 'Allow', Action: ['*'], Condition: { Like: { 'g:UserName': ['x'] } } }),
      /there is no operator Like/,
    ],
    [
      'an unknown key',
      withStatement({ Effect: 'Deny', Action: ['*'], Condition: { StringEquals: { 'g:Nothing': ['x'] } } }),
      /g:Nothing: this condition key is not known/,
    ],
    [
      'a tag without a key',
      withStatement({
        Effect: 'Deny',
        Action: ['*'],
        Condition: { StringEquals: { 'g:ResourceTag/': ['x'] } },
      }),
      /g:ResourceTag\/: this condition key is not known/,
    ],
    [
      'a network that is none',
      withStatement({
        Effect: 'Allow',
        Action: ['*'],
        Condition: { IpAddress: { 'g:SourceIp': ['10.0.0.0/33'] } },
      }),
      /"10\.0\.0\.0\/33" cannot be compared/,
    ],
    [
      'too many characters',
      withStatement({ Effect: 'Allow', Action: Array(400).fill('bms:servers:list') }),
      /at most 6144 characters/,
    ],
  ])('with %s is refused, and the words say where', (_, given, message) => {
    expect(() => parsePolicy(given, ['1.1'])).toThrow(message);
  });

  it('with both Action and NotAction is refused', () => {
    const both = withStatement({ Effect: 'Allow', Action: ['*'], NotAction: ['*'] }, '5.0');
    expect(() => parsePolicy(both, ['5.0'])).toThrow(/both Action and NotAction/);
  });
});

describe('what every installation has', () => {
  const documentOf = (name: string) => systemRoles.find((role) => role.name === name)!.policy;
  const can = (name: string, action: keyof typeof actions) =>
    ask([documentOf(name)], [...actions[action].names], { on: [...actions[action].on] });

  it('is written in forms that everybody could write', () => {
    for (const { policy } of systemRoles) {
      const { Depends: _, ...document } = policy;
      expect(() => parsePolicy(document, ['1.0', '1.1'])).not.toThrow();
    }
    for (const { document } of systemPolicies) expect(() => parsePolicy(document, ['5.0'])).not.toThrow();
  });

  it.each(['reader', 'readonly', 'BMS ReadOnlyAccess', 'ECS ReadOnlyAccess'])(
    '%s changes nothing',
    (name) => {
      for (const action of allActions) {
        const isReading = ['List', 'Read'].includes(actions[action].level);
        if (!isReading) expect([action, can(name, action)]).toEqual([action, 'not-allowed']);
      }
    },
  );

  it('lets members do all in a project and nothing to accounts', () => {
    for (const action of allActions) {
      // The whole trail of a project is not theirs either.
      const isBeyond = /^(identity|iam|cts):/.test(action);
      expect([action, can('member', action)]).toEqual([action, isBeyond ? 'not-allowed' : 'allowed']);
    }
  });

  it('lets security administrators do the rest, and no more', () => {
    for (const action of allActions) {
      const isIdentity = /^(identity|iam):/.test(action);
      expect([action, can('secu_admin', action)]).toEqual([action, isIdentity ? 'allowed' : 'not-allowed']);
    }
  });

  it('lets common operators of servers switch and look, and no more', () => {
    expect(can('BMS CommonOperations', 'bms:servers:reboot')).toBe('allowed');
    expect(can('BMS CommonOperations', 'bms:servers:list')).toBe('allowed');
    for (const action of ['bms:servers:delete', 'bms:servers:create', 'bms:servers:reInstallOS'] as const) {
      expect(can('BMS CommonOperations', action)).toBe('not-allowed');
    }
  });
});
