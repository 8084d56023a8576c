/** Bridges, addresses and cables, made by `ip` in the rack's own network namespace; they end with it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { network, type RackPlan } from './plan.ts';

const run = promisify(execFile);

async function ip(...commands: string[]): Promise<void> {
  for (const command of commands) await run('ip', command.split(' '));
}

export async function wire({ machines }: RackPlan): Promise<void> {
  const { bridge, address, prefix, addressV6, prefixV6, bmcBridge, bmcAddress, bmcRange } = network;
  await ip(
    'link set lo up',
    `link add ${bridge} type bridge`,
    `address add ${address}/${prefix} dev ${bridge}`,
    // nodad: usable at once. QEMU's iPXE waits 13 s for router advertisements, so whoever serves the rack wants this.
    `address add ${addressV6}/${prefixV6} dev ${bridge} nodad`,
    `link set ${bridge} up`,
    `link add ${bmcBridge} type bridge`,
    `address add ${bmcAddress}/${bmcRange.split('/')[1]} dev ${bmcBridge}`,
    `link set ${bmcBridge} up`,
  );
  for (const { hardware, bmcAddress: own } of machines) {
    const { tap } = hardware.nic;
    await ip(
      `tuntap add dev ${tap} mode tap`,
      `link set ${tap} master ${bridge} up`,
      `address add ${own}/32 dev ${bmcBridge}`,
    );
  }
}

/** Pulls a machine's network cable, or plugs it in again. */
export function setCable(tap: string, isPlugged: boolean): Promise<void> {
  return ip(`link set ${tap} ${isPlugged ? 'up' : 'down'}`);
}
