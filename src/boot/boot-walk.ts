/**
 * The walk of a machine through the ramdisk, as far as the BMC is concerned: off, ramdisk as the boot device, on, and
 * at the end off again and set to its disk. What happens in between is told by the ramdisk itself (`agent-door.ts`).
 *
 * Each look does what the session's stage asks for and returns. Commands are levels, and a stage is written after its
 * command, so that a look after a crash repeats at most what holds already.
 */
import type { BootSession, BootSessions, BootSign, BootStage, News } from '../core/boot-session.ts';
import type { BootDevice, Node } from '../core/node.ts';
import { DriverError, type DeployReading, type Driver, type Purpose } from '../core/ports.ts';

export interface WalkRoom {
  sessions: BootSessions;
  driver: Driver;
  /** Puts the disc with the ramdisk of this session's next start where the BMC fetches it; returns its URL. */
  prepareMedia: (session: BootSession, node: Node) => Promise<string>;
  /** Before a machine is switched on: sees to it that DHCP knows it. */
  announce: () => Promise<void>;
  paces: Paces;
  now: () => number;
}

/** All in milliseconds. */
export interface Paces {
  /** Between two looks. */
  lookMs: number;
  /** How long a machine may take from power on to the ramdisk; servers test their memory for minutes. */
  patienceMs: number;
  /** How long a boot may stand still once its firmware asked the network: a download, and drivers. */
  stallMs: number;
  /** How long the agent may be silent; it reports every few seconds. */
  silenceMs: number;
  /** How long the agent may take to switch its machine off before the BMC does it. */
  offMs: number;
  /** How long a lesser sign of the installed system waits for the better one, its report. */
  reportMs: number;
}

/** A machine is switched on so often for one session. */
const mostStarts = 3;

const networkSigns: readonly BootSign[] = ['dhcp', 'tftp', 'script', 'initrd'];

export async function walk(
  room: WalkRoom,
  node: Node,
  session: BootSession,
  purpose: Purpose,
): Promise<DeployReading> {
  switch (session.stage) {
    case 'armed':
      return seeOff(room, node, session, purpose);
    case 'off':
      return start(room, node, session, purpose);
    case 'started':
      return awaitAgent(room, node, session, purpose);
    case 'agent':
      return awaitWork(room, node, session, purpose);
    case 'finished':
      return seeOffAgain(room, node, session, purpose);
    case 'done':
    case 'booted':
      return { status: 'done', evidence: session.evidence, lookInMs: 0 };
    case 'failed':
      return { status: 'failed', evidence: session.evidence, lookInMs: 0 };
  }
}

/** The command went out when the session was armed; it is repeated when the BMC had time enough to show it. */
async function seeOff(
  room: WalkRoom,
  node: Node,
  session: BootSession,
  purpose: Purpose,
): Promise<DeployReading> {
  const { driver, paces } = room;
  if (!(await isSeenOff(room, node, purpose))) {
    const sinceMs = ageMs(room, session.stageAt);
    if (sinceMs > Math.max(driver.powerLagMs, paces.lookMs)) {
      await driver.setPower(node, 'off', purpose);
      await advance(room, session, ['armed'], 'armed', {
        sign: 'power-off',
        evidence: 'power off sent again',
      });
    }
    return running(room, 'Waiting for power off before the ramdisk is booted');
  }
  await advance(room, session, ['armed'], 'off', { sign: 'power-off', evidence: 'the machine is off' });
  return { ...running(room, 'The machine is off'), lookInMs: 0 };
}

async function start(
  room: WalkRoom,
  node: Node,
  session: BootSession,
  purpose: Purpose,
): Promise<DeployReading> {
  const { driver } = room;
  let device: BootDevice = 'network';
  if (session.method === 'media') {
    device = 'cd';
    const { evidence } = await driver.insertMedia(node, await room.prepareMedia(session, node), purpose);
    await room.sessions.note(session.id, { sign: 'media', evidence });
  }
  await room.announce();
  const boot = await driver.setBootDevice(node, device, purpose);
  await room.sessions.note(session.id, { sign: 'boot-device', evidence: boot.evidence });
  const power = await driver.setPower(node, 'on', purpose);
  const evidence = `switched on to boot the ramdisk from ${device}: ${power.evidence}`;
  await advance(room, session, ['off'], 'started', { sign: 'power-on', evidence });
  return running(room, evidence);
}

async function awaitAgent(
  room: WalkRoom,
  node: Node,
  session: BootSession,
  purpose: Purpose,
): Promise<DeployReading> {
  const { paces, driver } = room;
  const sinceMs = ageMs(room, session.stageAt);
  if (sinceMs > paces.patienceMs) {
    return startAgain(room, node, session, purpose, `no ramdisk after ${toSeconds(sinceMs)} s`);
  }
  // Firmware that nobody answered, say while this process was restarted, gives network boot up for good.
  const silentMs = ageMs(room, session.evidenceAt);
  if (silentMs > paces.stallMs && (await isHeardInThisStart(room, session))) {
    return startAgain(room, node, session, purpose, `the boot stalled for ${toSeconds(silentMs)} s`);
  }
  if (sinceMs > Math.max(driver.powerLagMs, paces.lookMs) && (await isSeenOff(room, node, purpose))) {
    return startAgain(room, node, session, purpose, 'the machine went off before the ramdisk was heard of');
  }
  return running(room, `Waiting for the ramdisk: ${session.evidence}`);
}

/**
 * Whether the firmware came as far as the network in this start: its self-test, which may take long, is over then. Of a
 * disc nothing of the kind is known, since BMCs fetch it whenever they like.
 */
async function isHeardInThisStart({ sessions }: WalkRoom, { id }: BootSession): Promise<boolean> {
  const signs = (await sessions.listSigns(id)).map(({ sign }) => sign);
  // Noted just before power on; the first signs may be faster than the note that the machine is on.
  const sinceStart = signs.slice(signs.lastIndexOf('boot-device') + 1);
  return sinceStart.some((sign) => networkSigns.includes(sign));
}

async function awaitWork(
  room: WalkRoom,
  node: Node,
  session: BootSession,
  purpose: Purpose,
): Promise<DeployReading> {
  const silentMs = ageMs(room, session.evidenceAt);
  if (silentMs <= room.paces.silenceMs) return running(room, session.evidence);
  return startAgain(room, node, session, purpose, `the ramdisk was silent for ${toSeconds(silentMs)} s`);
}

/** From the beginning, with a new secret; the third time it is the end. */
async function startAgain(
  room: WalkRoom,
  node: Node,
  session: BootSession,
  purpose: Purpose,
  reason: string,
): Promise<DeployReading> {
  // The stage first: between our look and this moment the machine may have gone on, and must not be cut off then.
  const last = `${reason}; last heard: ${session.evidence}`;
  const isLast = session.starts >= mostStarts;
  const evidence = isLast
    ? `The ramdisk did not come to its end in ${session.starts} starts: ${last}`
    : `once more from the start, ${last}`;
  const moved = isLast
    ? await advance(room, session, [session.stage], 'failed', { sign: 'failed', evidence })
    : await advance(room, session, [session.stage], 'armed', { sign: 'again', evidence });
  if (!moved) return running(room, session.evidence);
  await room.driver.setPower(node, 'off', purpose);
  return isLast ? { status: 'failed', evidence, lookInMs: 0 } : running(room, evidence);
}

async function seeOffAgain(
  room: WalkRoom,
  node: Node,
  session: BootSession,
  purpose: Purpose,
): Promise<DeployReading> {
  const { driver, paces } = room;
  if (!(await isSeenOff(room, node, purpose))) {
    if (ageMs(room, session.stageAt) > paces.offMs) {
      await driver.setPower(node, 'off', purpose);
      const evidence = 'the ramdisk did not switch the machine off; the BMC was told to';
      await advance(room, session, ['finished'], 'finished', { sign: 'power-off', evidence });
    }
    return running(room, `Waiting for power off after: ${session.evidence}`);
  }
  if (session.method === 'media') await driver.ejectMedia(node, purpose);
  const boot = await driver.setBootDevice(node, 'disk', purpose).catch(toleratedRefusal);
  const evidence = `${session.evidence}; the machine is off; ${boot.evidence}`;
  await advance(room, session, ['finished'], 'done', { sign: 'powered-off', evidence });
  return { status: 'done', evidence, lookInMs: 0 };
}

/** The disk is what a machine boots from anyway; a BMC that cannot be told so is no reason to fail. */
export function toleratedRefusal(error: unknown): { evidence: string } {
  if (!(error instanceof DriverError) || error.canRepeat || error.kind === 'denied') throw error;
  return { evidence: `the boot device was left as it is (${error.message})` };
}

async function isSeenOff({ driver }: WalkRoom, node: Node, purpose: Purpose): Promise<boolean> {
  return (await driver.readPower(node, purpose)).power === 'off';
}

function advance(
  { sessions }: WalkRoom,
  { id }: BootSession,
  from: readonly BootStage[],
  to: BootStage,
  news: News,
): Promise<boolean> {
  return sessions.advance(id, from, to, news);
}

function running({ paces }: WalkRoom, evidence: string): DeployReading {
  return { status: 'running', evidence, lookInMs: paces.lookMs };
}

function ageMs({ now }: WalkRoom, at: Date): number {
  return now() - at.getTime();
}

const toSeconds = (ms: number) => Math.round(ms / 1_000);
