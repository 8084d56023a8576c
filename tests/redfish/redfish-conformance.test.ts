import { createPreinstalled } from '../../src/boot/preinstalled.ts';
import type { BootDevice } from '../../src/core/node.ts';
import { conformance } from '../../src/drivers/conformance.ts';
import { makeCertificate } from '../../src/bmc-simulator/certificate.ts';
import { makeDriver, makeNode, nobody } from './node.ts';
import { startRedfishServer, type RedfishServerOptions } from '../../src/bmc-simulator/redfish-server.ts';

const devices: Record<string, BootDevice> = { Pxe: 'network', Hdd: 'disk', Cd: 'cd', BiosSetup: 'bios' };
const certificate = makeCertificate();

const variants: Record<string, RedfishServerOptions> = {
  'Redfish (sessions)': {},
  'Redfish (Basic only)': { authentication: 'basic' },
  'Redfish (HTTPS, self-signed)': { tls: certificate },
  'Redfish (tasks)': { tasks: { retryAfterSeconds: 0, end: 'completed', looks: 1 } },
  'Redfish (tasks that vanish)': { tasks: { retryAfterSeconds: 0, end: 'vanish', looks: 0 } },
  'Redfish (ETags demanded)': { etags: 'demanded' },
  'Redfish (weak ETags compared strongly)': { etags: 'demanded-strong' },
  'Redfish (ETags without quotes)': { etags: 'demanded-bare' },
  'Redfish (ETags refused)': { etags: 'refused' },
  'Redfish (no ETags)': { etags: 'none' },
  'Redfish (power lag)': { lagMs: 60 },
  'Redfish (power lag, shown as a transition)': { lagMs: 60, lagShows: 'transition' },
  'Redfish (ActionInfo)': { allowables: 'action-info' },
  'Redfish (allowable values not told)': { allowables: 'absent' },
  'Redfish (only a power button)': { resetTypes: ['PushPowerButton', 'ForceOff'] },
  'Redfish (boot in the settings resource)': { bootIn: 'settings' },
  'Redfish (slow)': { latencyMs: 5 },
};

for (const [name, options] of Object.entries(variants)) {
  conformance(name, async () => {
    const server = await startRedfishServer(options);
    const { machine } = server;
    const driver = makeDriver();
    return {
      driver,
      installer: createPreinstalled(driver, 5),
      node: makeNode(server.url),
      machine: {
        power: () => machine.power(),
        powerCommands: () => machine.powerCommands(),
        bootDevice: () => devices[machine.boot.BootSourceOverrideTarget] ?? null,
      },
      unreachable: makeNode(nobody),
      wrongCredentials: makeNode(server.url, { password: 'battery staple' }),
      close: () => server.close(),
    };
  });
}
