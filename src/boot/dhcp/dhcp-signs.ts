/** Signs that DHCP and TFTP give of a machine, noted with its session. */
import type { BootSession, BootSessions, BootSign } from '../../core/boot-session.ts';
import type { MachineFinder } from '../machine-finder.ts';
import type { Heard } from './dnsmasq-log.ts';

const signs: Record<Heard['is'], BootSign> = {
  firmware: 'dhcp',
  ramdisk: 'dhcp',
  tftp: 'tftp',
  system: 'system-dhcp',
};

export async function noteHeard(
  room: {
    sessions: BootSessions;
    machines: MachineFinder;
    onNews: (session: BootSession) => void;
  },
  { is, mac, address, evidence }: Heard,
): Promise<void> {
  const node = mac === null ? await room.machines.findByAddress(address) : await room.machines.findByMac(mac);
  const session = node && (await room.sessions.findCurrent(node.id));
  if (!session) return;
  // A system asks for an address for as long as it lives; it is a sign of the first boot only.
  if (is === 'system' && session.stage !== 'done') return;
  await room.sessions.note(session.id, { sign: signs[is], evidence });
  if (is === 'system') room.onNews(session);
}
