/**
 * The boot timeline of a server: each walk of its machine through the ramdisk and the first boot behind it, sign by
 * sign, so that the step that is missing can be seen.
 */
import type { BootSession, SignRecord } from '../../core/boot-session.ts';
import { ok, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { pageOf } from './pages.ts';
import { getServer } from './servers.ts';
import { explain } from './why.ts';

const mostBoots = 20;

export async function showTimeline(cloud: Cloud, call: Call): Promise<Answer> {
  const { limit } = pageOf(call);
  const server = await getServer(cloud, call);
  const sessions = await cloud.bootSessions.listOfServer(server.id, Math.min(limit, mostBoots));
  const boots = [];
  for (const session of sessions) boots.push(toBoot(session, await cloud.bootSessions.listSigns(session.id)));
  return ok({ server_id: server.id, boots });
}

function toBoot(session: BootSession, signs: SignRecord[]) {
  return {
    id: session.id,
    kind: session.kind,
    method: session.method,
    stage: session.stage,
    starts: session.starts,
    began_at: session.beganAt,
    evidence: session.evidence,
    evidence_at: session.evidenceAt,
    signs: signs.map(({ at, sign, detail }) => ({
      sign,
      at,
      /** Since the beginning. */
      after_seconds: Math.round((at.getTime() - session.beganAt.getTime()) / 100) / 10,
      detail,
    })),
    log_tail: session.logTail.split('\n').filter((line) => line !== ''),
  };
}

export async function why(cloud: Cloud, call: Call): Promise<Answer> {
  const server = await getServer(cloud, call);
  const [latest, [session]] = await Promise.all([
    cloud.jobs.findLatestSubJob(server.id),
    cloud.bootSessions.listOfServer(server.id, 1),
  ]);
  return ok({ ...explain(server, latest, Date.now()), boot: session ? toLatest(session) : null });
}

/** The newest walk in short. */
function toLatest({ kind, stage, stageAt, evidence, evidenceAt }: BootSession) {
  return { kind, stage, stage_at: stageAt, evidence, evidence_at: evidenceAt };
}
