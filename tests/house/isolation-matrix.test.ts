/** What must hold for the rows of tests/isolation/matrix.txt, whichever they are; tests/isolation asks Ingot for each. */
import { describe, expect, it } from 'vitest';
import { allApis } from '../../scripts/all-apis.ts';
import { actionsOf, type Api, type Route } from '../../src/apis/api.ts';
import { actions, changes } from '../../src/core/actions.ts';
import { matrix } from '../isolation/rows.ts';

const nameOf = (api: Api, route: Route) => `${api.name} ${route.id}`;
const routes = allApis().flatMap((api) => api.routes.map((route) => ({ name: nameOf(api, route), route })));

describe('the matrix', () => {
  it('has a row for every route, and no other', () => {
    // A new route: `vitest run tests/isolation -t ROUTE` says what the row is; look whether it is right.
    expect([...matrix.keys()].toSorted()).toEqual(routes.map(({ name }) => name).toSorted());
  });

  it('says of open routes that they are, and of no others', () => {
    const open = routes.filter(({ name }) => matrix.get(name) === null);
    expect(open.map(({ name }) => name)).toEqual(
      routes.filter(({ route }) => route.access === 'open').map(({ name }) => name),
    );
  });

  it.each(routes.filter(({ route }) => route.access !== 'open').map((one) => [one.name, one.route] as const))(
    '%s is refused where it must be',
    (name, route) => {
      const row = matrix.get(name)!;
      expect([row.none, row.expired]).toEqual(['401', '401']);
      if (route.path.includes(':project_id')) expect(row.foreign).toMatch(/^40[034]$/);
      const possible = actionsOf(route).map((action) => actions[action]);
      const isOwnOpen = route.access !== 'open' && route.isOwnOpen;
      const isChange = possible.some(({ level }) => changes(level));
      const isForOperators = possible.some((it) => it.isForOperators);
      if (isChange && !isOwnOpen) expect(row.reader).toBe('403');
      if (isForOperators) expect([row.reader, row.member]).toEqual(['403', '403']);
      if (isForOperators) for (const stranger of [row.foreign, row.smuggled]) expect(stranger).not.toBe('ok');
    },
  );
});
