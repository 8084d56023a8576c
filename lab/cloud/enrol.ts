/**
 * The machines of the rack become nodes of the cloud, as an operator enrols them: with one file for `ingot node add`.
 * A machine whose BMC has both faces is spoken to by IPMI or by Redfish in turn.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Answer } from '../../src/cli/client.ts';
import { account } from '../rack/plan.ts';
import type { Rack, RackMachine } from '../rack/rack.ts';
import type { LabIngot } from './ingot.ts';

const zone = 'eu-de-01';
const flavor = 'physical.m2.large';

/** @returns the nodes, as the command prints them with --json */
export async function enrol(rack: Rack, ingot: LabIngot): Promise<Answer[]> {
  const file = join(rack.folder, 'fleet.yaml');
  const nodes = rack.machines.map((machine, index) => ({
    name: machine.name,
    zone,
    flavor_id: flavor,
    ...toDriver(machine, index),
    rack: 'lab',
    unit: index + 1,
  }));
  writeFileSync(file, stringify({ nodes }), { mode: 0o600 });
  const { nodes: enrolled } = JSON.parse(await ingot.command('node', 'add', '--file', file, '--json')) as {
    nodes: Answer[];
  };
  return enrolled;
}

function toDriver({ bmc, bmcAddress }: RackMachine, index: number) {
  const isIpmi = bmc === 'ipmi' || (bmc === 'both' && index % 2 === 0);
  // ipmi_sim does not tell which cipher suites it has.
  const [driver, address] = isIpmi
    ? ['ipmi', `${bmcAddress}?cipher=3`]
    : ['redfish', `https://${bmcAddress}`];
  return { driver, bmc: { address, ...account } };
}
