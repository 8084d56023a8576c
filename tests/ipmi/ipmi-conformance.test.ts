/** Every test speaks RMCP+ with an ipmi_sim of its own. */
import { it } from 'vitest';
import { createPreinstalled } from '../../src/boot/preinstalled.ts';
import { conformance } from '../../src/drivers/conformance.ts';
import { startIpmiSim, whyNoIpmi, type IpmiSimOptions } from './ipmi-sim.ts';
import { makeIpmiDriver, makeIpmiNode, nobody } from './node.ts';

const variants: Record<string, IpmiSimOptions> = {
  'IPMI (ipmi_sim, cipher suite 3)': {},
  'IPMI (ipmi_sim, slow orders)': { lagSeconds: 0.2 },
};

const missing = whyNoIpmi();
it('has what the IPMI driver is tested with', (context) => {
  if (missing !== null) context.skip(missing);
});
for (const [name, options] of missing === null ? Object.entries(variants) : []) {
  conformance(
    name,
    async () => {
      const machine = await startIpmiSim(options);
      const driver = makeIpmiDriver();
      return {
        driver,
        installer: createPreinstalled(driver, 5),
        node: makeIpmiNode(machine.address),
        machine,
        unreachable: makeIpmiNode(nobody),
        wrongCredentials: makeIpmiNode(machine.address, { password: 'battery-staple' }),
        close: () => machine.close(),
      };
    },
    {
      parts: 'IPMI does not tell of processors, memory, disks and NICs',
      media: 'IPMI has no virtual drives',
    },
  );
}
