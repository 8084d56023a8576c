/** What must hold for the rows of tests/isolation/matrix.txt, whichever they are; tests/isolation asks Ingot for each. */
import { describe, expect, it } from 'vitest';
import { allApis } from '../../scripts/all-apis.ts';
import { actionsOf, type Api, type Call, type Route } from '../../src/apis/api.ts';
import { actions, changes } from '../../src/core/actions.ts';
import { probedRoutes } from '../isolation/probe.ts';
import { matrix } from '../isolation/rows.ts';

const nameOf = (api: Api, route: Route) => `${api.name} ${route.id}`;
const routes = allApis().flatMap((api) => api.routes.map((route) => ({ name: nameOf(api, route), route })));

describe('the matrix', () => {
  it('has a row for every route, and no other', () => {
    // A new route: `vitest run tests/isolation -t ROUTE` says what the row is; look whether it is right.
    const rows = [...matrix.keys()].filter((name) => !name.includes('#'));
    expect(rows.toSorted()).toEqual(routes.map(({ name }) => name).toSorted());
  });

  it('has rows of further samples only where they are asked, and say something else', () => {
    const asked = new Map(probedRoutes().map((one) => [`${one.name}#${one.variant}`, one.name]));
    for (const [name, row] of matrix) {
      if (!name.includes('#')) continue;
      expect(asked.has(name), name).toBe(true);
      expect(row, name).not.toEqual(matrix.get(asked.get(name)!));
    }
  });

  it('asks for every action that a body may choose', () => {
    const missing = routes.flatMap(({ name, route }) => {
      if (route.access === 'open' || typeof route.action === 'string') return [];
      const { among, of } = route.action;
      const samples = probedRoutes().filter((one) => one.name === name);
      const chosen = samples.map(({ sample }) => of({ body: sample.request.body, params: {} } as Call));
      return among.filter((action) => !chosen.includes(action)).map((action) => `${name} ${action}`);
    });
    expect(missing).toEqual([]);
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
