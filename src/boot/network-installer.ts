/**
 * The installer of machines that boot our ramdisk, over the network or from a disc in the BMC's virtual drive. It keeps
 * nothing in memory: a boot session is a row, which the ramdisk's own requests move on as well.
 */
import { IngotError } from '../core/errors.ts';
import type { BootKind, BootSession } from '../core/boot-session.ts';
import type { ImageContents } from '../core/image-content.ts';
import type { BootMethod, DeployOrder, Node } from '../core/node.ts';
import type { Acknowledgement, DeployReading, Inspector, Installer, Purpose } from '../core/ports.ts';
import { walk, type WalkRoom } from './boot-walk.ts';

export interface InstallerRoom extends WalkRoom {
  images: ImageContents;
  /** Of nodes that have none of their own. */
  method: BootMethod;
}

const underWay = ['armed', 'off', 'started', 'agent', 'finished'] as const;

/** Signs of an installed system that cannot or will not report. */
const lesserSigns = ['system-dhcp', 'metadata'] as const;

export function createNetworkInstaller(room: InstallerRoom): Installer & Inspector {
  const { sessions, driver, paces } = room;

  async function begin(
    node: Node,
    kind: BootKind,
    order: DeployOrder | null,
    purpose: Purpose,
  ): Promise<Acknowledgement> {
    await sessions.begin({
      nodeId: node.id,
      serverId: node.serverId,
      kind,
      method: node.boot?.method ?? room.method,
      order,
      evidence: `${kind} begun for ${purpose.operation}`,
    });
    const { evidence, lookInMs } = await driver.setPower(node, 'off', purpose);
    return { evidence: `${evidence}; the ramdisk comes next`, lookInMs: Math.max(lookInMs, 1) };
  }

  async function read(node: Node, kind: BootKind, purpose: Purpose): Promise<DeployReading> {
    const session = await sessions.findCurrent(node.id);
    if (session?.kind === kind) return walk(room, node, session, purpose);
    return { status: 'failed', evidence: `The ${kind} of this node was never begun`, lookInMs: 0 };
  }

  return {
    async beginDeploy(node, order, purpose) {
      if (!(await room.images.find(order.imageId))) throw noContent(order);
      return begin(node, 'deploy', order, purpose);
    },
    readDeploy: (node, purpose) => read(node, 'deploy', purpose),

    async readFirstBoot(node) {
      const session = await sessions.findCurrent(node.id);
      if (session?.kind !== 'deploy') {
        return { status: 'failed', evidence: 'No system was installed on this node', lookInMs: 0 };
      }
      return readReport(room, session);
    },

    beginWipe: (node, purpose) => begin(node, 'wipe', null, purpose),
    readWipe: (node, purpose) => read(node, 'wipe', purpose),

    beginInspect: (node, purpose) => begin(node, 'inspect', null, purpose),
    readInspect: (node, purpose) => read(node, 'inspect', purpose),
    async abandonInspect(node, reason, purpose) {
      const session = await sessions.findCurrent(node.id);
      if (session?.kind !== 'inspect') return;
      await sessions.advance(session.id, underWay, 'failed', { sign: 'failed', evidence: reason });
      await driver.setPower(node, 'off', purpose);
    },
  };

  async function readReport({ now }: InstallerRoom, session: BootSession): Promise<DeployReading> {
    if (session.stage === 'booted') return { status: 'done', evidence: session.evidence, lookInMs: 0 };
    const sign = await sessions.findSign(session.id, lesserSigns);
    if (!sign) {
      const evidence = `The installed system has not been heard of; last: ${session.evidence}`;
      return { status: 'running', evidence, lookInMs: paces.lookMs };
    }
    if (now() - sign.at.getTime() < paces.reportMs) {
      const evidence = `${sign.detail}; its report is awaited`;
      return { status: 'running', evidence, lookInMs: paces.lookMs };
    }
    return { status: 'done', evidence: `${sign.detail}; it sent no report`, lookInMs: 0 };
  }
}

function noContent({ imageId, imageName }: DeployOrder): IngotError {
  return new IngotError({
    kind: 'conflict',
    subject: 'image',
    id: imageId,
    message: `The image ${imageName} has no content that could be put on a real machine; upload or import it first.`,
  });
}
