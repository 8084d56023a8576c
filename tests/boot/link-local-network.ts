/**
 * A provisioning network with one machine, in network namespaces of its own: run by `unshare --net`. Serves metadata and
 * DHCP as Ingot does, gives the machine an address by its own DHCP client, and runs in its namespace what it is given.
 *
 * Arguments: folder, gateway or "", then pairs of a name and a command (JSON). Prints what each command said, as JSON.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createDnsmasq } from '../../src/boot/dhcp/dnsmasq.ts';
import { createLinkLocal } from '../../src/boot/metadata/link-local.ts';
import { system } from './system-data.ts';
import type { Node } from '../../src/core/node.ts';

const run = promisify(execFile);
const [folder = '', gateway = '', ...commands] = process.argv.slice(2);
const mac = '52:54:00:00:00:01';

/** Held open by a process that sleeps until we end. */
const machine = spawn('unshare', ['--net', 'sh', '-c', 'echo ready; cat'], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
await once(machine.stdout, 'data');
const inMachine = (...words: string[]) => run('nsenter', [`--net=/proc/${machine.pid}/ns/net`, ...words]);

const ip = (words: string) => run('ip', words.split(' '));
await ip('link set lo up');
await ip(`link add prov0 type veth peer name eth0 netns ${machine.pid}`);
await ip('address add 10.77.0.1/24 dev prov0');
await ip('link set prov0 up');
await inMachine('ip', 'link', 'set', 'lo', 'up');
await inMachine('ip', 'link', 'set', 'eth0', 'address', mac, 'up');

const dnsmasq = createDnsmasq({
  settings: {
    interfaceName: 'prov0',
    range: { first: '10.77.0.100', last: '10.77.0.110' },
    gateway: gateway || null,
    dns: [],
    hasMetadata: true,
    isOpen: false,
  },
  folder,
  origin: 'http://10.77.0.1:8775',
  listMacs: async () => [mac],
  onHeard: () => undefined,
  log: (error) => console.error(error),
});
const linkLocal = createLinkLocal({
  interfaceName: 'prov0',
  metadata: {
    findNode: async (address) =>
      (await dnsmasq.findNeighbour(address)) === mac ? ({ id: 'node-1' } as Node) : null,
    gather: async () => system,
    onRead: () => undefined,
    now: Date.now,
  },
  log: (error) => console.error(error),
});

/** What busybox' client is told becomes address and routes, as clients of distributions do it (RFC 3442). */
const onLease = join(folder, 'on-lease');
writeFileSync(
  onLease,
  `#!/bin/sh
[ "$1" = bound ] || exit 0
ip address add "$ip/$mask" dev "$interface"
set -- $staticroutes
[ $# -gt 0 ] || set -- \${router:+0.0.0.0/0 $router}
while [ $# -gt 1 ]; do ip route add "$1" via "$2" dev "$interface"; shift 2; done
`,
);
chmodSync(onLease, 0o755);

await ip('address add 169.254.169.254/32 dev prov0'); // as an Ingot leaves it that was killed
await linkLocal.start();
await dnsmasq.start();
try {
  const dhcp = ['-i', 'eth0', '-s', onLease, '-O', 'staticroutes', '-n', '-q', '-f'];
  await inMachine('busybox', 'udhcpc', ...dhcp);
  const said: Record<string, string> = {};
  for (let at = 0; at < commands.length; at += 2) {
    const words = JSON.parse(commands[at + 1]!) as string[];
    said[commands[at]!] = await inMachine(...words).then(
      ({ stdout }) => stdout,
      (error: { stderr?: string; message: string }) => `failed: ${error.stderr || error.message}`,
    );
  }
  await dnsmasq.stop();
  await linkLocal.stop();
  said['left'] = (await run('ip', ['-brief', 'address', 'show', 'prov0'])).stdout;
  console.log(JSON.stringify(said));
} finally {
  machine.kill('SIGKILL');
}
