/** The virtual rack: machines with real firmware and real BMC protocols, used by clients that are not ours. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openSerialOverLan } from '../../lab/bmc/serial-over-lan.ts';
import { findObstacle } from '../../lab/rack/obstacle.ts';
import { startRack, type Rack, type RackMachine } from '../../lab/rack/rack.ts';

const obstacle = findObstacle();
const checkBmc = fileURLToPath(new URL('../../scripts/check-bmc.mjs', import.meta.url));

describe('the virtual rack', () => {
  let rack: Rack;
  let bios: RackMachine;
  let uefi: RackMachine;

  beforeAll(async () => {
    if (obstacle !== null) return;
    rack = await startRack({
      machines: [
        { name: 'bios', bmc: 'both', firmware: 'bios' },
        { name: 'uefi', bmc: 'both', firmware: 'uefi', memoryMib: 1024 },
      ],
    });
    [bios, uefi] = [rack.machine('bios'), rack.machine('uefi')];
  });
  afterAll(() => rack?.stop());
  beforeEach(async (context) => {
    if (obstacle !== null) return context.skip(obstacle);
    for (const machine of rack.machines) await machine.setPower('off');
  });

  const { username, password } = { username: 'admin', password: 'lab-secret' };
  const toIpmi = (machine: RackMachine) =>
    ['-I', 'lanplus', '-C', '3', '-H', machine.bmcAddress, '-U', username, '-P', password] as const;
  const ipmitool = async (machine: RackMachine, ...command: string[]) =>
    (await rack.run('ipmitool', [...toIpmi(machine), ...command])).stdout;

  it('switches a machine by IPMI, and boots it once from the network', async () => {
    expect(await ipmitool(bios, 'power', 'status')).toContain('is off');
    await ipmitool(bios, 'chassis', 'bootdev', 'pxe');
    expect(await ipmitool(bios, 'chassis', 'bootparam', 'get', '5')).toContain('Force PXE');
    await ipmitool(bios, 'power', 'on');
    expect(await ipmitool(bios, 'power', 'status')).toContain('is on');
    expect(await bios.look()).toMatchObject({ power: 'on', override: null });
    const { starts } = await bios.look();
    await ipmitool(bios, 'power', 'reset');
    expect(await bios.look()).toMatchObject({ power: 'on', starts: starts + 1 });
    await ipmitool(bios, 'power', 'off');
    expect(await bios.look()).toMatchObject({ power: 'off' });
    expect(await ipmitool(bios, 'fru', 'print')).toMatch(/Product Serial +: LAB-BIOS/);
  });

  it('shows the firmware on the serial console over LAN, which can be typed into', async () => {
    const { terminal, close } = await openSerialOverLan(rack, bios);
    // Fails with what was heard, before the test's own time is over.
    const hear = (words: RegExp) => terminal.waitFor(words, 0, AbortSignal.timeout(40_000));
    await ipmitool(bios, 'power', 'on');
    await hear(/SeaBIOS/);
    // iPXE listens for Ctrl-B only for a moment, so it is typed whenever something new is said.
    const press = () => terminal.type('\u0002');
    terminal.onText(press);
    await hear(/iPXE>/); // a line of text would be too much: SeaBIOS loses letters that come fast
    await close();
  });

  it('obeys sushy, which knows nothing of us', async () => {
    const script = `
import sushy
root = sushy.Sushy('https://${uefi.bmcAddress}', username='${username}', password='${password}', verify=False)
system = root.get_system('/redfish/v1/Systems/1')
print('before', system.power_state)
system.set_system_boot_options(target=sushy.BOOT_SOURCE_TARGET_PXE, enabled=sushy.BOOT_SOURCE_ENABLED_ONCE)
system.refresh()
print('boot', system.boot.target, system.boot.enabled, system.boot.mode)
system.reset_system(sushy.RESET_ON)
system.refresh()
print('after', system.power_state, system.boot.enabled)
print('memory', system.memory_summary.size_gib, 'cores', system.processors.summary.count)
print('nics', system.ethernet_interfaces.summary)
print('disks', [drive.capacity_bytes for storage in system.storage.get_members() for drive in storage.drives])
system.reset_system(sushy.RESET_FORCE_OFF)
system.refresh()
print('end', system.power_state)
`;
    // Debian's own Python, which has its packages, and no environment: a CA bundle named there wins over verify=False.
    const { stdout } = await rack.run('/usr/bin/python3', ['-W', 'ignore', '-c', script], { env: {} });
    expect(stdout.trim().split('\n')).toEqual([
      'before PowerState.OFF',
      'boot BootSource.PXE BootSourceOverrideEnabled.ONCE BootSourceOverrideMode.UEFI',
      'after PowerState.ON BootSourceOverrideEnabled.DISABLED',
      'memory 1 cores 1',
      `nics {'${uefi.hardware.nic.mac}': <State.ENABLED: 'Enabled'>}`,
      `disks [${4 * 1024 ** 3}]`,
      'end PowerState.OFF',
    ]);
    expect(await uefi.look()).toMatchObject({ power: 'off' });
  });

  // Half a minute on an idle machine, nearly all of it waiting.
  it(
    'has BMCs that our drivers get along with, as `npm run check-bmc` sees',
    { timeout: 300_000 },
    async () => {
      const file = join(rack.folder, 'bmc-password');
      await writeFile(file, password, { mode: 0o600 });
      const check = async (...words: string[]) => {
        const account = ['--username', username, '--password-file', file];
        const { stdout } = await rack.run(process.execPath, [checkBmc, ...words, ...account, '--power']);
        return stdout.replace(/\u001b\[[0-9;]*m/g, ''); // eslint-disable-line no-control-regex
      };
      const heard = await Promise.all([
        check(`https://${uefi.bmcAddress}`),
        check(`${bios.bmcAddress}?cipher=3`, '--driver', 'ipmi'),
      ]);
      for (const words of heard) expect(words).toMatch(/Tests +\d+ passed/);
    },
  );

  it('tells over both protocols that a machine runs hot, and logs it', async () => {
    expect(await ipmitool(bios, 'sdr', 'elist', 'full')).toMatch(/CPU Temp .* ok .* 38 degrees C/);
    await bios.setCelsius(95);
    let entries = '';
    while (!/Upper Critical going high \| Asserted/.test(entries))
      entries = await ipmitool(bios, 'sel', 'elist'); // ipmi_sim looks once a second
    expect(await ipmitool(bios, 'sdr', 'elist', 'full')).toMatch(/CPU Temp .* ucr .* 95 degrees C/);
    const url = `https://${username}:${password}@${bios.bmcAddress}/redfish/v1/Systems/1`;
    const system = JSON.parse((await rack.run('curl', ['-sk', url])).stdout) as { Status: unknown };
    expect(system.Status).toMatchObject({ Health: 'Critical' });
    await bios.setCelsius(38);
  });

  it('has BMCs that fall silent and come back, while the machine goes on', async () => {
    await bios.setPower('on');
    await bios.setBmcFrozen(true);
    const impatient = [...toIpmi(bios), '-N', '1', '-R', '1', 'power', 'status'];
    await expect(rack.run('ipmitool', impatient)).rejects.toThrow('Unable to establish');
    const url = `https://${bios.bmcAddress}/redfish/v1`;
    await expect(rack.run('curl', ['-skm', '1', url])).rejects.toThrow('exit code 28');
    expect(await bios.look()).toMatchObject({ power: 'on' });
    await bios.setBmcFrozen(false);
    expect(await ipmitool(bios, 'power', 'status')).toContain('is on');
    expect((await rack.run('curl', ['-sk', url])).stdout).toContain('RedfishVersion');
  });
});

describe('a rack whose owner is killed', () => {
  it('leaves no process, no network and no file', async (context) => {
    if (obstacle !== null) return context.skip(obstacle);
    const program = fileURLToPath(new URL('doomed-rack.ts', import.meta.url));
    const owner = spawn(process.execPath, ['--no-warnings', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(owner.stdout, 'data')) as [Buffer];
    const { folder, firstProcess } = JSON.parse(line.toString()) as { folder: string; firstProcess: number };
    expect(existsSync(folder)).toBe(true);
    expect(existsSync(`/proc/${firstProcess}`)).toBe(true);
    owner.kill('SIGKILL');
    // When the first process of a namespace has ended, the kernel has ended all others.
    while (existsSync(folder) || existsSync(`/proc/${firstProcess}`)) await pause(20);
  });
});
