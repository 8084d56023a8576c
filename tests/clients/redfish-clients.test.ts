/** Redfish clients that are not ours, against the lawful personality: what our driver is tested with must be lawful. */
import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { makeCertificate } from '../../src/bmc-simulator/certificate.ts';
import { startRedfishServer } from '../../src/bmc-simulator/redfish-server.ts';

const run = promisify(execFile);
/** Debian's, whatever else is called python3 here. */
const python = '/usr/bin/python3';

function has(program: string, ...args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const tls = makeCertificate();
// The environment of a developer may name certificates that Python would check all the same.
const env = { PATH: process.env['PATH'], PYTHONWARNINGS: 'ignore' };

const story = `
import sys, json, sushy
root = sushy.Sushy(sys.argv[1], username='admin', password='correct horse', verify=False)
system = root.get_system(root.get_system_collection().members_identities[0])
told = {'before': system.power_state.value, 'threads': system.processors.summary.count,
        'macs': list(system.ethernet_interfaces.summary), 'memory': system.memory_summary.size_gib,
        'boot': [target.value for target in sorted(system.get_allowed_system_boot_source_values(), key=str)]}
system.set_system_boot_options(target=sushy.BOOT_SOURCE_TARGET_PXE, enabled=sushy.BOOT_SOURCE_ENABLED_ONCE)
system.reset_system(sushy.RESET_ON)
system.refresh(force=True)
told['after'] = system.power_state.value
told['manager'] = root.get_manager(root.get_manager_collection().members_identities[0]).firmware_version
print(json.dumps(told))
`;

it('sushy reads, sets the boot device and switches on', { timeout: 60_000 }, async (context) => {
  context.skip(!has(python, '-c', 'import sushy'), 'sushy is not installed (Debian: python3-sushy)');
  await using server = await startRedfishServer({ tls });
  const { stdout } = await run(python, ['-c', story, server.url], { env });
  expect(JSON.parse(stdout)).toMatchObject({
    before: 'Off',
    threads: 64,
    macs: server.machine.facts.nics.map(({ mac }) => mac),
    memory: 64,
    after: 'On',
    manager: '1.2.3',
  });
  expect(server.machine.booted).toBe('Pxe');
});

it('redfishtool logs in, reads, switches and sets the boot device', { timeout: 60_000 }, async (context) => {
  context.skip(!has('redfishtool', '--help'), 'redfishtool is not installed (Debian: redfishtool)');
  await using server = await startRedfishServer({ tls });
  const tool = async (...words: string[]) => {
    const asked = ['-r', new URL(server.url).host, '-u', 'admin', '-p', 'correct horse', '-S', 'Always'];
    const { stdout } = await run('redfishtool', [...asked, '-A', 'Session', ...words], { env });
    return stdout;
  };
  expect(JSON.parse(await tool('Systems', 'get'))).toMatchObject({ PowerState: 'Off', Model: 'T1' });
  await tool('Systems', 'setBootOverride', 'Once', 'Pxe');
  await tool('Systems', 'reset', 'On');
  expect(server.machine).toMatchObject({ booted: 'Pxe' });
  expect(JSON.parse(await tool('Chassis', 'get'))).toMatchObject({ PowerState: 'On' });
  expect(server.counters()).toMatchObject({ refusedLogins: 0 });
});
