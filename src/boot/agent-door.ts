/**
 * Where the ramdisk's agent reports and gets its work. It shows the one-time secret of its start; what was begun anew
 * meanwhile has another one, so that an agent of before writes nothing.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { BootSession, BootSign, BootStage, News } from '../core/boot-session.ts';
import { completeInventory } from '../core/inventory.ts';
import { Pending } from '../core/pending.ts';
import { AgentFacts, chooseDisk, toDiscovered, toInventory, toNodeBoot } from './agent-facts.ts';
import { toPlanText, type AgentPlan } from './agent-plan.ts';
import { sendFile, type FileWatch } from './file-stream.ts';
import type { ProvisioningRoom } from './provisioning-room.ts';
import { hashSecret } from './secret.ts';

/** What the agent may say beside its beginning and its end. */
const agentSigns = ['written', 'config-drive', 'wiped'] as const satisfies BootSign[];

const mostLogChars = 8_000;
/** How often a percentage is written down. */
const progressMs = 1_000;

type Handler = (
  session: BootSession,
  request: FastifyRequest,
  reply: FastifyReply,
) => Promise<FastifyReply | string>;

export function openAgentDoor(http: FastifyInstance, room: ProvisioningRoom): void {
  const { sessions, images, onNews } = room;
  /** Being written while nobody waits for it; the end does. */
  const notes = new Pending();
  http.addHook('onClose', () => notes.settled());
  const known = (handle: Handler) => async (request: FastifyRequest, reply: FastifyReply) => {
    const session = await findSession(room, request);
    if (!session) return reply.code(401).type('text/plain').send('This secret is not known or void.\n');
    return handle(session, request, reply);
  };

  async function move(session: BootSession, from: BootStage[], to: BootStage, news: News): Promise<boolean> {
    const moved = await sessions.advance(session.id, from, to, news);
    if (moved) onNews(session);
    return moved;
  }

  /** The agent is at work: anything else comes from one that was given up. */
  const atWork =
    (handle: Handler): Handler =>
    async (session, request, reply) =>
      session.stage === 'agent' ? handle(session, request, reply) : refuse(reply, session);

  http.post<{ Body: AgentFacts }>(
    '/agent/hello',
    { schema: { body: AgentFacts } },
    async (request, reply) => {
      const session = await findSession(room, request);
      if (!session) {
        // It is told nothing else, and goes on to what it would have booted without us.
        const isStranger = await room.discoveries?.report(
          hashSecret(secretOf(request)),
          toDiscovered(request.body),
        );
        if (isStranger) return reply.type('text/plain').send("ACTION='reboot'\n");
        return reply.code(401).type('text/plain').send('This secret is not known or void.\n');
      }
      const evidence = `the ramdisk runs on ${nameOf(request.body)}`;
      const moved = await move(session, ['off', 'started'], 'agent', { sign: 'agent', evidence });
      // A question that is asked again, because our answer was lost, is answered again.
      if (!moved && session.stage !== 'agent') return refuse(reply, session);
      await learn(room, session, request.body);
      return reply.type('text/plain').send(toPlanText(await plan(room, session, request.body), session));
    },
  );

  http.get(
    '/agent/image',
    known(
      atWork(async (session, request, reply) => {
        const content = session.order && (await images.find(session.order.imageId));
        if (!content) return reply.code(404).type('text/plain').send('The image is gone.\n');
        const name = session.order!.imageName;
        await sessions.note(session.id, { sign: 'image', evidence: `sending ${name}` });
        return sendFile(request, reply, content.path, watchImage(room, session, name, notes));
      }),
    ),
  );

  http.get(
    '/agent/config-drive',
    known(
      atWork(async (session, _, reply) => {
        const node = await room.nodes.find(session.nodeId);
        if (!node) return reply.code(404).type('text/plain').send('The node is gone.\n');
        return reply.type('application/octet-stream').send(await room.configDrive(session, node));
      }),
    ),
  );

  http.post(
    '/agent/alive',
    known(
      atWork(async (session, _, reply) => {
        await sessions.refresh(session.id, null);
        return reply.type('text/plain').send('');
      }),
    ),
  );

  for (const sign of agentSigns) {
    http.post(
      `/agent/signs/${sign}`,
      known(
        atWork(async (session, request, reply) => {
          await sessions.note(session.id, { sign, evidence: textOf(request) });
          return reply.type('text/plain').send('');
        }),
      ),
    );
  }

  http.post(
    '/agent/finished',
    known(async (session, request, reply) => {
      const [evidence, logTail] = splitReport(request);
      const moved = await move(session, ['agent'], 'finished', { sign: 'finished', evidence, logTail });
      return moved || session.stage === 'finished'
        ? reply.type('text/plain').send('')
        : refuse(reply, session);
    }),
  );

  http.post(
    '/agent/failed',
    known(async (session, request, reply) => {
      const [reason, logTail] = splitReport(request);
      const evidence = `The ramdisk could not ${session.kind} the machine: ${reason}`;
      const moved = await move(session, ['agent'], 'failed', { sign: 'failed', evidence, logTail });
      return moved || session.stage === 'failed' ? reply.type('text/plain').send('') : refuse(reply, session);
    }),
  );
}

async function findSession(
  { sessions }: ProvisioningRoom,
  request: FastifyRequest,
): Promise<BootSession | null> {
  return sessions.findBySecret(hashSecret(secretOf(request)));
}

/** Empty, which nobody has, when there is none. */
function secretOf({ headers }: FastifyRequest): string {
  return /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
}

function refuse(reply: FastifyReply, { stage }: BootSession): FastifyReply {
  return reply.code(409).type('text/plain').send(`This boot is ${stage}; nothing more is expected of it.\n`);
}

/** What the agent found goes to the node, beside what its BMC told. */
async function learn({ nodes }: ProvisioningRoom, session: BootSession, facts: AgentFacts): Promise<void> {
  const node = await nodes.find(session.nodeId);
  if (!node) return;
  const inventory = completeInventory(node.inventory, toInventory(facts));
  await nodes.change(node.id, { boot: toNodeBoot(facts, node), inventory });
}

async function plan(room: ProvisioningRoom, session: BootSession, facts: AgentFacts): Promise<AgentPlan> {
  if (session.kind !== 'deploy') return { action: session.kind };
  const content = await room.images.find(session.order!.imageId);
  if (!content) return stop(room, session, `the content of the image ${session.order!.imageName} is gone`);
  const disk = chooseDisk(facts, content.rawSizeBytes);
  if (disk !== null) return { action: 'deploy', disk, content };
  const sizes = facts.disks.map(({ name, bytes }) => `${name} ${bytes}`).join(', ') || 'no disk at all';
  return stop(room, session, `no disk holds ${content.rawSizeBytes} bytes (${sizes})`);
}

async function stop(room: ProvisioningRoom, session: BootSession, evidence: string): Promise<AgentPlan> {
  const moved = await room.sessions.advance(session.id, ['off', 'started', 'agent'], 'failed', {
    sign: 'failed',
    evidence: `The system cannot be installed: ${evidence}`,
  });
  if (moved) room.onNews(session);
  return { action: 'stop' };
}

function watchImage(
  { sessions, log }: ProvisioningRoom,
  { id }: BootSession,
  name: string,
  notes: Pending,
): FileWatch {
  let toldAt = 0;
  const tell = (words: string) =>
    notes.add(sessions.refresh(id, words).catch((error: unknown) => log(error, 'progress was not noted')));
  return {
    onBytes(sent: number, whole: number) {
      if (Date.now() - toldAt < progressMs) return;
      toldAt = Date.now();
      tell(`writing ${name}, ${Math.floor((sent / whole) * 100)} %`);
    },
    onEnd: () => tell(`${name} sent whole; the rest of it is written`),
  };
}

function nameOf({ manufacturer, product, serial, firmware }: AgentFacts): string {
  return `${manufacturer} ${product}, serial number ${serial || 'unknown'}, ${firmware.toUpperCase()}`;
}

function textOf({ body }: FastifyRequest): string {
  return typeof body === 'string' ? body.trim().slice(0, mostLogChars) : '';
}

/** The first line says what happened, the rest is the end of the agent's log. */
function splitReport(request: FastifyRequest): [string, string] {
  const [first = '', ...rest] = (typeof request.body === 'string' ? request.body : '').split('\n');
  return [first.trim().slice(0, 1_000) || 'without a word', rest.join('\n').slice(-mostLogChars)];
}
