/** What a decision costs, for a caller with many policies, against hashing the caller's token. */
import { createHash } from 'node:crypto';
import { actions, allActions, type Action } from '../src/core/actions.ts';
import { createJudge, type Asked } from '../src/core/authorization.ts';
import type { PolicyDocument } from '../src/core/policy.ts';
import { systemRoles } from '../src/core/system-policies.ts';
import type { Caller } from '../src/core/tenancy.ts';
import { inTurns, timed, type Bench, type Figure } from './bench.ts';

const rounds = 2_000;
const account = {
  id: 'a'.repeat(32),
  name: 'Default',
  description: '',
  enabled: true,
  createdAt: new Date(),
};
const project = { ...account, id: 'p'.repeat(32), accountId: account.id, name: 'eu-de' };

function callerWith(policies: PolicyDocument[]): Caller {
  const user = { ...account, accountId: account.id, email: null, isRoot: false, defaultProjectId: null };
  return {
    user,
    userAccount: account,
    project,
    projectAccount: account,
    account: null,
    roles: [],
    policies,
    isRoot: false,
    isAdmin: false,
    applicationCredential: null,
    isDelegate: false,
    methods: ['password'],
    auditId: '',
    issuedAt: new Date(),
    expiresAt: new Date(Date.now() + 3_600_000),
  };
}

/** All system policies but those that allow everything, which would make it too easy. */
const many = systemRoles
  .filter(({ policy }) => !policy.Statement.some(({ Action }) => Action?.includes('*')))
  .map(({ policy }) => policy);

const conditional: PolicyDocument = {
  Version: '5.0',
  Statement: [
    {
      Effect: 'Deny',
      Action: ['bms:servers:*'],
      Resource: ['bms:*:*:instance:0000*'],
      Condition: { NotIpAddress: { 'g:SourceIp': ['10.0.0.0/8', '192.0.2.0/24'] } },
    },
  ],
};

export const policy: Bench = {
  name: 'policy',
  help: 'whether policies allow a call, against hashing a token once',
  async run() {
    const judge = createJudge({ region: 'eu-de', withTwins: true, now: Date.now });
    const about = { sourceIp: '198.51.100.7', userAgent: 'bench' };
    const ask = (action: Action, ids: string[]): Asked => ({ action, ids, ...about });
    const open = allActions.filter((action) => !actions[action].isForOperators);
    const [plain, strict] = [callerWith(many), callerWith([...many, conditional])];
    const one = ask('bms:servers:stop', ['7'.repeat(36)]);
    const thousand = ask(
      'bms:servers:stop',
      Array.from({ length: 1_000 }, (_, at) => `7${at}`),
    );
    const token = 'x'.repeat(43);

    /** Microseconds for one decision. */
    const each = async (decisions: number, decide: () => void) =>
      ((await timed(async () => decide())) * 1_000) / decisions;
    const floor = () =>
      each(20_000, () => {
        for (let round = 0; round < 20_000; round++) createHash('sha256').update(token).digest();
      });
    const figure = async (
      name: string,
      says: string,
      most: number,
      ours: () => Promise<number>,
    ): Promise<Figure> => {
      await ours();
      const measured = await inTurns(5, ours, floor);
      const { ours: us, floor: hashUs, ratio } = measured;
      return { name, says, ratio, aim: { most }, measured: { 'ours µs': us, 'hash µs': hashUs } };
    };
    const documents = `${many.length} policies`;
    return [
      await figure('decision / hash', `every action in turn, ${documents}, remembered`, 2, () =>
        each(rounds * open.length, () => {
          for (let round = 0; round < rounds; round++) {
            for (const action of open) judge.decide(plain, ask(action, []));
          }
        }),
      ),
      await figure('decision with conditions / hash', 'one server, a network, a resource', 30, () =>
        each(rounds, () => {
          for (let round = 0; round < rounds; round++) judge.decide(strict, one);
        }),
      ),
      await figure('decision about 1000 servers / hash', 'of one request, by resource', 10_000, () =>
        each(10, () => {
          for (let round = 0; round < 10; round++) judge.decide(strict, thousand);
        }),
      ),
      await figure('first decision of a caller / hash', 'policies compiled anew', 1_000, () =>
        each(100, () => {
          for (let round = 0; round < 100; round++) judge.decide(callerWith([...many]), one);
        }),
      ),
    ];
  },
};
