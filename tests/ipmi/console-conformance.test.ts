import { it } from 'vitest';
import { consoleConformance } from '../../src/drivers/console-conformance.ts';
import { startIpmiSim, whyNoIpmi } from './ipmi-sim.ts';
import { makeIpmiDriver, makeIpmiNode } from './node.ts';
import { startSerialLine } from './serial-line.ts';

const missing = whyNoIpmi();
it('has what consoles over IPMI are tested with', (context) => {
  if (missing !== null) context.skip(missing);
});
if (missing === null) {
  consoleConformance('IPMI (ipmi_sim)', async () => {
    const line = await startSerialLine();
    const machine = await startIpmiSim({ power: 'on', consolePort: line.port });
    return {
      driver: makeIpmiDriver(),
      node: makeIpmiNode(machine.address),
      say: (text) => line.say(text),
      words: 'login: ',
      echo: '[x]',
      async close() {
        await machine.close();
        await line.close();
      },
    };
  });
}
