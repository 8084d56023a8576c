/** The serial console of a machine through its BMC: ipmitool in a terminal, as an operator has it. */
import { Terminal } from '../machine/terminal.ts';
import type { Rack, RackMachine } from '../rack/rack.ts';

export interface SerialOverLan {
  terminal: Terminal;
  close(): Promise<void>;
}

/** Resolves when the session stands; a BMC has one at a time. */
export async function openSerialOverLan(rack: Rack, machine: RackMachine): Promise<SerialOverLan> {
  const { username, password } = rack.account;
  const command = `ipmitool -I lanplus -C 3 -H ${machine.bmcAddress} -U ${username} -P ${password} sol activate`;
  // ipmitool wants a terminal, which `script` makes.
  const sol = rack.enter('script', ['-qfec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const terminal = new Terminal(sol.process.stdout!, sol.process.stdin!);
  await terminal.waitFor(/SOL Session operational/, 0, AbortSignal.timeout(40_000));
  return {
    terminal,
    async close() {
      terminal.type('\r~.');
      await sol.ended;
    },
  };
}
