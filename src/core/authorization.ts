/** Whether a caller may do something: the account's root user, policies, and what is left to operators. */
import { actions, type Action } from './actions.ts';
import { compilePolicies, type Permissions, type PolicyDocument, type Verdict } from './policy.ts';
import { ofRequest, ofResource, type Circumstances } from './policy-conditions.ts';
import type { Tag, TagsById } from './resource-tags.ts';
import type { Caller } from './tenancy.ts';

export interface Asked {
  action: Action;
  /** Ids of the resources that it is about. */
  ids: readonly string[];
  sourceIp: string;
  userAgent: string | undefined;
  /** Of the resources, where `weighsTags` asked for them. */
  tags?: TagsById;
  /** That the call gives or takes away. */
  requestTags?: readonly Tag[];
}

export interface Judge {
  decide(caller: Caller, asked: Asked): Verdict;
  /** False where no resource and no circumstance could make it allowed. */
  mayBeAllowed(caller: Caller, action: Action): boolean;
  /** Whether the verdict may depend on the tags of the resources. */
  weighsTags(caller: Caller, action: Action): boolean;
}

export interface JudgeOptions {
  region: string;
  /** A permission for `bms:servers:stop` also opens the Nova call that asks for `ecs:servers:stop`. */
  withTwins: boolean;
  now: () => number;
}

/** The account in whose name the caller acts: that of the scope, and without one the own. */
export function actingAccount({ account, projectAccount, userAccount }: Caller) {
  return account ?? projectAccount ?? userAccount;
}

export function createJudge({ region, withTwins, now }: JudgeOptions): Judge {
  /** By the list of documents, which lives as long as the caller is remembered. */
  const compiled = new WeakMap<readonly PolicyDocument[], Permissions>();
  const namesOf = new Map(
    Object.entries(actions).map(([action, { names, twin }]) => [
      action,
      withTwins && twin !== undefined ? [...names, twin] : names,
    ]),
  );

  function permissionsOf({ policies }: Caller): Permissions {
    const known = compiled.get(policies);
    if (known) return known;
    const made = compilePolicies(policies);
    compiled.set(policies, made);
    return made;
  }

  return {
    decide(caller, { action, ids, tags, requestTags = [], ...about }) {
      const { on, isForOperators } = actions[action];
      if (isForOperators && !caller.isAdmin) return 'not-allowed';
      if (caller.isRoot) return 'allowed';
      const accountId = actingAccount(caller).id;
      const question = {
        names: namesOf.get(action)!,
        on,
        ids,
        region,
        accountId,
        ofResource: (id: string) => ofResource(tags?.get(id) ?? []),
      };
      return permissionsOf(caller).decide(question, () => ({
        ...toCircumstances(caller, region, about, now()),
        ...ofRequest(requestTags),
        'g:servicename': action.slice(0, action.indexOf(':')),
      }));
    },
    mayBeAllowed(caller, action) {
      if (actions[action].isForOperators && !caller.isAdmin) return false;
      return caller.isRoot || permissionsOf(caller).mayBeAllowed(namesOf.get(action)!);
    },
    weighsTags(caller, action) {
      if (caller.isRoot || actions[action].on.length === 0) return false;
      return permissionsOf(caller).weighsTags(namesOf.get(action)!);
    },
  };
}

/** Nobody here has more than one factor or an enterprise project; `0` is the default one. */
function toCircumstances(
  caller: Caller,
  region: string,
  { sourceIp, userAgent }: Pick<Asked, 'sourceIp' | 'userAgent'>,
  now: number,
): Circumstances {
  const { user, project } = caller;
  const account = actingAccount(caller);
  return {
    'g:currenttime': new Date(now).toISOString(),
    'g:domainid': account.id,
    'g:domainname': account.name,
    'g:enterpriseprojectid': '0',
    'g:mfapresent': 'false',
    'g:principalaccount': user.accountId,
    'g:principalid': user.id,
    'g:principalisrootuser': String(user.isRoot),
    'g:principaltype': 'User',
    'g:projectid': project?.id,
    'g:projectname': project?.name,
    'g:requestedregion': region,
    'g:sourceip': sourceIp,
    'g:tokenissuetime': caller.issuedAt.toISOString(),
    'g:useragent': userAgent,
    'g:userid': user.id,
    'g:username': user.name,
  };
}
