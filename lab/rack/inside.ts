/**
 * The inner half of the rack, the first process of its namespaces: when it ends, the kernel ends every process in there
 * and takes down bridges and taps. It ends when the outer half is gone, whatever that died of.
 */
import { serveChassis } from '../bmc/chassis-control.ts';
import { IpmiBmc } from '../bmc/ipmi-bmc.ts';
import { RedfishBmc } from '../bmc/redfish/redfish-bmc.ts';
import { Machine } from '../machine/machine.ts';
import { forward } from './forward.ts';
import { obey, type Hand } from './hand.ts';
import type { RackPlan } from './plan.ts';
import { setCable, wire } from './wiring.ts';

const machines = new Map<string, Machine>();
const bmcs = new Map<string, (IpmiBmc | RedfishBmc)[]>();

function find(name: string): Machine {
  const machine = machines.get(name);
  if (!machine) throw new Error(`There is no machine ${name}`);
  return machine;
}

async function build(plan: RackPlan): Promise<void> {
  await wire(plan);
  for (const { hardware } of plan.machines) {
    const machine = new Machine(hardware);
    await machine.prepare();
    machine.on('crashed', (words) => console.error(`${hardware.name}: QEMU ended: ${words}`));
    machines.set(hardware.name, machine);
  }
  const chassis = await serveChassis([...machines.values()]);
  for (const { hardware, bmc, bmcAddress } of plan.machines) {
    const machine = find(hardware.name);
    const faces: (IpmiBmc | RedfishBmc)[] = [];
    if (bmc !== 'redfish') {
      const ipmi = new IpmiBmc(machine, bmcAddress, plan.account, chassis.port);
      ipmi.start();
      faces.push(ipmi);
    }
    if (bmc !== 'ipmi') {
      const redfish = new RedfishBmc(machine, bmcAddress, plan.account);
      await redfish.listen();
      faces.push(redfish);
    }
    bmcs.set(hardware.name, faces);
  }
}

const hand: Hand = {
  build,
  async look(name) {
    const { power, override, medium, starts } = find(name);
    return { power, override, medium, starts };
  },
  async setPower(name, power) {
    if (power === 'on') await find(name).powerOn();
    else await find(name).powerOff();
  },
  async setBmcFrozen(name, isFrozen) {
    for (const face of bmcs.get(name) ?? []) {
      if (isFrozen) face.freeze();
      else face.thaw();
    }
  },
  setCable: (name, isPlugged) => setCable(find(name).hardware.nic.tap, isPlugged),
  async setCelsius(name, celsius) {
    find(name).setCelsius(celsius);
  },
  async openWay(host, port, socket) {
    await forward({ path: socket }, { host, port });
  },
};

process.once('disconnect', () => process.exit(0));
// Signals of a terminal are for the outer half, which takes the rack down in order.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
obey(hand);
