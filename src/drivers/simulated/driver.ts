/**
 * Simulated machines obey the rules of hardware: a command is taken now and has its effect later, a BMC may not answer,
 * and power changes only by commands. A pending change has a due time and is applied when somebody looks, so that
 * machines nobody looks at cost nothing.
 */
import type { Inventory, Node } from '../../core/node.ts';
import {
  DriverError,
  type Driver,
  type Installer,
  type Purpose,
  type SerialConsole,
} from '../../core/ports.ts';
import type { SimulatedCommand, SimulatedMachine, SimulatedMachines } from '../../core/simulation.ts';
import { openSimulatedConsole, toConsoleLog } from './console.ts';
import { toInventory } from './inventory.ts';

/** An install takes so many steps of the simulated hardware, a wipe so many; a slow machine so many times as long. */
const deploySteps = 3;
const wipeSteps = 1;
const slowness = 20;
/** A step stands for so long on real hardware; the lifecycle's deadlines shrink by the same factor. */
const realStepMs = 60_000;

/** Somebody looks; no fault is meant for them. */
const forPeople: Purpose = { operation: 'inspect', subJobId: null };

/** @param stepMs how long one step of the simulated hardware takes (INGOT_SIM_STEP_MS) */
export function createSimulatedDriver(machines: SimulatedMachines, stepMs: number): Driver & Installer {
  const consoles = new Map<string, SerialConsole>();

  async function reach(node: Node, purpose: Purpose) {
    const found = await machines.look(node.id, purpose);
    if (!found) throw new DriverError('unreachable', `There is no simulated machine for node ${node.name}.`);
    if (found.fault === 'unreachable')
      throw new DriverError('unreachable', 'simulated fault: the BMC does not answer');
    return found;
  }

  async function send(
    node: Node,
    purpose: Purpose,
    words: string,
    toCommand: (takesMs: number, machine: SimulatedMachine) => SimulatedCommand | null,
  ) {
    const { machine, fault } = await reach(node, purpose);
    if (fault === 'fail') throw new DriverError('rejected', `simulated fault: the BMC refused: ${words}`);
    const takesMs = fault === 'slow' ? stepMs * slowness : stepMs;
    const command = toCommand(takesMs, machine);
    if (command) await machines.command(node.id, fault === 'timeout' ? { does: 'nothing' } : command);
    const lookInMs = command && 'takesMs' in command ? command.takesMs : 0;
    return { evidence: `The simulated machine took: ${words}`, lookInMs };
  }

  return {
    name: 'simulated',
    powerLagMs: stepMs + 50,
    equalReadings: 1,
    timeScale: stepMs / realStepMs,

    async readPower(node, purpose) {
      const { machine } = await reach(node, purpose);
      return { power: machine.power, evidence: `The simulated machine reports power ${machine.power}` };
    },
    setPower: (node, power, purpose) =>
      send(node, purpose, `power ${power}`, (takesMs, machine) =>
        machine.power === power ? null : { does: 'power', power, takesMs },
      ),
    setBootDevice: (node, device, purpose) =>
      send(node, purpose, `boot from ${device}`, () => ({ does: 'boot', device })),
    async inspect(node, purpose): Promise<Inventory> {
      const { health } = (await reach(node, purpose)).machine;
      return { ...toInventory(node), health };
    },

    async readHealth(node, purpose) {
      const { health } = (await reach(node, purpose)).machine;
      return { health, evidence: `The simulated machine reports health ${health}` };
    },
    async readEventLog(node, _most, purpose) {
      await reach(node, purpose);
      return [];
    },
    resetBmc: (node, purpose) => send(node, purpose, 'restart the BMC', () => null),
    setPassword: async () => lacks('a password'),
    insertMedia: async () => lacks('a virtual drive'),
    ejectMedia: async () => lacks('a virtual drive'),
    async openConsole(node) {
      if (consoles.has(node.id)) {
        throw new DriverError('busy', 'The serial console of this machine is open already');
      }
      await reach(node, forPeople);
      const console = await openSimulatedConsole({
        node: { ...node, inventory: node.inventory ?? toInventory(node) },
        look: async () => (await machines.look(node.id, forPeople))?.machine ?? null,
        powerOff: () => machines.command(node.id, { does: 'power', power: 'off', takesMs: stepMs }),
        onClosed: () => consoles.delete(node.id),
      });
      consoles.set(node.id, console);
      return console;
    },
    async readConsoleLog(node) {
      const { machine } = await reach(node, forPeople);
      return toConsoleLog({ ...node, inventory: node.inventory ?? toInventory(node) }, machine);
    },

    beginDeploy: (node, order, purpose) =>
      send(node, purpose, `install ${order.imageName}`, (takesMs) => ({
        does: 'deploy',
        imageId: order.imageId,
        hostname: order.hostname,
        takesMs: takesMs * deploySteps,
      })),
    async readDeploy(node, purpose) {
      const { machine, fault } = await reach(node, purpose);
      if (machine.deployed !== null) {
        const evidence = `Writing the image, ${Math.floor(machine.deployed * 100)} %`;
        return { status: 'running', evidence, lookInMs: machine.deployLeftMs };
      }
      if (fault === 'timeout')
        return { status: 'running', evidence: 'Waiting for the installer', lookInMs: stepMs };
      return { status: 'done', evidence: 'The image is written', lookInMs: 0 };
    },
    async readFirstBoot(node, purpose) {
      const { machine } = await reach(node, purpose);
      if (machine.power === 'on')
        return { status: 'done', evidence: 'The simulated system is up', lookInMs: 0 };
      return { status: 'running', evidence: 'The simulated machine is off', lookInMs: stepMs };
    },
    beginWipe: (node, purpose) =>
      send(node, purpose, 'wipe', (takesMs) => ({ does: 'wipe', takesMs: takesMs * wipeSteps })),
    async readWipe(node, purpose) {
      const { machine, fault } = await reach(node, purpose);
      if (machine.wiped !== null)
        return { status: 'running', evidence: 'Wiping disks', lookInMs: machine.wipeLeftMs };
      if (fault === 'timeout') return { status: 'running', evidence: 'Wiping disks', lookInMs: stepMs };
      return { status: 'done', evidence: 'Disks wiped', lookInMs: 0 };
    },
    async close() {
      for (const console of consoles.values()) console.close();
    },
  };
}

function lacks(part: string): never {
  throw new DriverError('unsupported', `A simulated machine has no ${part}`);
}
