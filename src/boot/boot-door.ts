/** Where firmware asks what to boot, and where an installed system says that it runs. */
import { join } from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { BootSession } from '../core/boot-session.ts';
import type { Node } from '../core/node.ts';
import { bootFiles } from './dhcp/dnsmasq-config.ts';
import { sendFile } from './file-stream.ts';
import { toCommandLine, toDiskScript, toFirstScript, toRamdiskScript } from './ipxe-script.ts';
import { parseMac } from './machine-finder.ts';
import type { ProvisioningRoom } from './provisioning-room.ts';
import { makeSecret } from './secret.ts';

interface ScriptQuery {
  platform?: string;
  serial?: string;
  uuid?: string;
}

export function openBootDoor(http: FastifyInstance, room: ProvisioningRoom): void {
  const { sessions, origin, onNews } = room;
  const script = (reply: FastifyReply, text: string) => reply.type('text/plain').send(text);

  http.get('/boot.ipxe', async (_, reply) => script(reply, toFirstScript(origin)));

  http.get<{ Params: { mac: string }; Querystring: ScriptQuery }>('/ipxe/:mac', async (request, reply) => {
    const mac = parseMac(request.params.mac);
    const node = mac && (await room.machines.findByMac(mac, request.query));
    if (mac && !node) return script(reply, await scriptForStranger(room, mac));
    if (!node) return script(reply, toDiskScript('this machine is not known'));
    return script(reply, await scriptFor(room, node, mac, request.query));
  });

  for (const name of ['vmlinuz', 'initrd'] as const) {
    http.get<{ Querystring: { session?: string } }>(`/ramdisk/${name}`, async (request, reply) => {
      const session = await findOpen(room, request.query.session);
      const sign = name === 'vmlinuz' ? 'kernel' : 'initrd';
      if (session) await sessions.note(session.id, { sign, evidence: `the ramdisk's ${sign} is fetched` });
      return sendFile(request, reply, (await room.ramdisk())[name]);
    });
  }

  for (const name of Object.values(bootFiles)) {
    http.get(`/tftp/${name}`, (request, reply) => sendFile(request, reply, join('/usr/lib/ipxe', name)));
  }

  http.get<{ Params: { name: string } }>('/media/:name', async (request, reply) => {
    const file = room.findMedia(request.params.name);
    const session = file && (await findOpen(room, request.params.name.split('.')[0]));
    if (!file || !session) return reply.code(404).type('text/plain').send('There is no such disc.\n');
    // BMCs read discs piece by piece; the first piece is the news.
    const isFirst = !(await sessions.findSign(session.id, ['kernel']));
    if (isFirst) await sessions.note(session.id, { sign: 'kernel', evidence: 'the BMC fetches the disc' });
    return sendFile(request, reply, file);
  });

  http.post<{ Params: { key: string } }>('/phone-home/:key', async (request, reply) => {
    const session = await sessions.findByHomeKey(request.params.key);
    if (!session) return reply.code(404).type('text/plain').send('Nothing is known of this system.\n');
    const news = {
      sign: 'phone-home' as const,
      evidence: `the installed system reported${wordsOf(request)}`,
    };
    if (await sessions.advance(session.id, ['done'], 'booted', news)) onNews(session);
    else await sessions.note(session.id, news);
    return reply.type('text/plain').send('ok\n');
  });
}

/** The secret is made here, so that each fetch has its own and none is known to two readers. */
async function scriptFor(
  { sessions, origin }: ProvisioningRoom,
  node: Node,
  mac: string,
  { platform }: ScriptQuery,
): Promise<string> {
  const session = await sessions.findCurrent(node.id);
  if (session?.method !== 'network') return toDiskScript('nothing to do');
  const secret = makeSecret();
  const evidence = `boot script fetched by ${mac}${platform === undefined ? '' : ` (${platform})`}`;
  if (!(await sessions.putSecret(session.id, secret.hash, { sign: 'script', evidence }))) {
    return toDiskScript('nothing to do');
  }
  const commandLine = toCommandLine(origin, secret.text, mac);
  return toRamdiskScript({ origin, sessionId: session.id, commandLine });
}

/** Only to hear what it is: this secret opens nothing. */
async function scriptForStranger({ discoveries, origin }: ProvisioningRoom, mac: string): Promise<string> {
  const secret = makeSecret();
  if (!(await discoveries?.offer(mac, secret.hash))) return toDiskScript('this machine is not known');
  const commandLine = `${toCommandLine(origin, secret.text, mac)} ingot.stranger=yes`;
  return toRamdiskScript({ origin, sessionId: 'none', commandLine });
}

async function findOpen({ sessions }: ProvisioningRoom, id: string | undefined): Promise<BootSession | null> {
  if (id === undefined || !/^[0-9a-f-]{36}$/.test(id)) return null;
  const session = await sessions.find(id);
  return session?.stage === 'off' || session?.stage === 'started' ? session : null;
}

/** cloud-init reports in a form (its module phone_home), others in JSON. */
function wordsOf({ body }: FastifyRequest): string {
  const text = typeof body === 'string' ? body : '';
  const hostname =
    /"hostname"\s*:\s*"([^"]{1,253})"/.exec(text)?.[1] ?? new URLSearchParams(text).get('hostname');
  return hostname ? ` as ${hostname.slice(0, 253)}` : '';
}
