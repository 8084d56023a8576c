/** The machines of the rack become nodes of the cloud, as an operator enrols them: with one file for `ingot node add`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Answer } from '../../src/cli/client.ts';
import type { Rack } from '../rack/rack.ts';
import type { LabIngot } from './ingot.ts';

const zone = 'eu-de-01';
const flavor = 'physical.m2.large';

/** @returns the nodes, as the command prints them with --json */
export async function enrol(rack: Rack, ingot: LabIngot): Promise<Answer[]> {
  const file = join(rack.folder, 'fleet.yaml');
  const nodes = rack.machines.map(({ name, bmcAddress }, index) => ({
    name,
    zone,
    flavor_id: flavor,
    driver: 'redfish',
    bmc: { address: `https://${bmcAddress}`, ...rack.account },
    rack: 'lab',
    unit: index + 1,
  }));
  writeFileSync(file, stringify({ nodes }), { mode: 0o600 });
  const { nodes: enrolled } = JSON.parse(await ingot.command('node', 'add', '--file', file, '--json')) as {
    nodes: Answer[];
  };
  return enrolled;
}
