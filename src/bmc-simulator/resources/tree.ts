/**
 * The resource tree of a simulated BMC; shapes after DSP2046, values our own. The tree is a table of functions shared by
 * all BMCs of one kind; what it shows is made when it is read, so thousands of BMCs cost little.
 */
import type { Machine } from '../machine.ts';
import type { BmcSettings } from '../settings.ts';
import { addChassis } from './chassis.ts';
import { addBmc } from './bmc-itself.ts';
import { link, type Draft, type Tree } from './draft.ts';
import { toPaths } from './paths.ts';
import { addServices } from './root-services.ts';
import { addSystem } from './system.ts';

const trees = new WeakMap<BmcSettings, Map<string, Tree>>();

/** The tree for such a BMC with such a machine; built once for each kind. */
export function toTree(settings: BmcSettings, machine: Machine): Tree {
  const { processors, memoryModulesMib, disks, nics } = machine.facts;
  const shape = [processors, memoryModulesMib, disks, nics].map((parts) => parts.length).join();
  const known = trees.get(settings) ?? new Map<string, Tree>();
  trees.set(settings, known);
  const tree = known.get(shape) ?? build(settings, machine);
  known.set(shape, tree);
  return tree;
}

function build(settings: BmcSettings, machine: Machine): Tree {
  const tree: Tree = new Map();
  const draft: Draft = {
    settings,
    machine,
    paths: toPaths(settings),
    add(path, type, resource) {
      // DSP0266 "Resource identification": every resource has these; sushy refuses those that have not.
      const id = path.split('/').at(-1) ?? '';
      const identity = { '@odata.id': path, '@odata.type': `#${type}`, Id: id, Name: id };
      tree.set(path, (view) => ({
        ...identity,
        ...(typeof resource === 'function' ? resource(view) : resource),
      }));
    },
    addCollection(path, kind, members) {
      const name = path.split('/').at(-1) ?? '';
      const type = `${kind}Collection`;
      tree.set(path, (view) => {
        const paths = typeof members === 'function' ? members(view) : members;
        return {
          '@odata.id': path,
          '@odata.type': `#${type}.${type}`,
          Name: `${name} Collection`,
          Members: paths.map(link),
          'Members@odata.count': paths.length,
        };
      });
    },
  };
  addServices(draft);
  addSystem(draft);
  addChassis(draft);
  addBmc(draft);
  return tree;
}
