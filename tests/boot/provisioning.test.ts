/** What the listener on the provisioning network tells to whom. */
import { afterEach, expect, it } from 'vitest';
import { mac } from './fake-machine.ts';
import { openBootRoom, type BootRoom } from './boot-room.ts';

const rooms: BootRoom[] = [];
afterEach(async () => {
  for (const room of rooms.splice(0)) await room.close();
});

async function open(): Promise<BootRoom> {
  const room = await openBootRoom();
  rooms.push(room);
  return room;
}

const text = async (url: string, init?: RequestInit) => (await fetch(url, init)).text();
const scriptOf = ({ origin }: BootRoom) => text(`${origin}/ipxe/${mac.replaceAll(':', '-')}?platform=pcbios`);
const secretIn = (script: string) => /ingot\.secret=(\S+)/.exec(script)?.[1];

/** A session that awaits its ramdisk, without a machine that boots it. */
async function arm({ sessions, node, order }: BootRoom) {
  const session = await sessions.begin({
    nodeId: node.id,
    serverId: node.serverId,
    kind: 'deploy',
    method: 'network',
    order,
    evidence: 'begun',
  });
  await sessions.advance(session.id, ['armed'], 'off', { sign: 'power-off', evidence: 'off' });
  return session;
}

function hello(origin: string, secret: string | undefined) {
  return fetch(`${origin}/agent/image`, { headers: { authorization: `Bearer ${secret}` } });
}

it('sends machines on to their disk when there is nothing to do for them', async () => {
  const room = await open();
  for (const path of ['/ipxe/52-54-00-ff-ff-ff', '/ipxe/nonsense', `/ipxe/${mac}`]) {
    const script = await text(room.origin + path);
    expect(script).toContain('sanboot --no-describe --drive 0x80');
    expect(secretIn(script)).toBeUndefined();
  }
  expect(await text(`${room.origin}/boot.ipxe`)).toContain(`chain ${room.origin}/ipxe/\${netX/mac:hexhyp}?`);
});

it('has iPXE ask again for what it does not get, while Ingot is started anew', async () => {
  const room = await open();
  await arm(room);
  expect(await text(`${room.origin}/boot.ipxe`)).toMatch(/^:ask\nchain [^]*^goto ask$/m);
  expect(await scriptOf(room)).toMatch(/^:load\nkernel [^]*^goto load$/m);
});

it('tells the length of a file before it is sent, which UEFI HTTP boot makes room for', async () => {
  const { origin } = await open();
  const path = `${origin}/ramdisk/vmlinuz`;
  const { status, headers } = await fetch(path, { method: 'HEAD' });
  expect(status).toBe(200);
  expect(headers.get('content-length')).toBe(String('the vmlinuz'.length));
  expect(await text(path)).toBe('the vmlinuz');
  const part = await fetch(path, { method: 'HEAD', headers: { range: 'bytes=4-' } });
  expect([part.status, part.headers.get('content-length')]).toEqual([206, '7']);
});

it('makes a new secret for each script, and only the last one is good', async () => {
  const room = await open();
  const session = await arm(room);
  const [first, second] = [secretIn(await scriptOf(room)), secretIn(await scriptOf(room))];
  expect(first).not.toBe(second);
  await room.sessions.advance(session.id, ['off'], 'agent', { sign: 'agent', evidence: 'up' });
  expect((await hello(room.origin, first)).status).toBe(401);
  expect((await hello(room.origin, second)).status).toBe(200);
  // Whoever asks once the ramdisk is up is not the machine that was awaited.
  expect(secretIn(await scriptOf(room))).toBeUndefined();
  const { rows } = await room.store.database.pool.query('select * from boot_sessions, boot_signs');
  expect(JSON.stringify(rows)).not.toContain(second);
});

it('takes nothing from an agent of before', async () => {
  const room = await open();
  const session = await arm(room);
  const secret = secretIn(await scriptOf(room));
  await room.sessions.advance(session.id, ['off'], 'agent', { sign: 'agent', evidence: 'up' });
  await arm(room);
  expect((await hello(room.origin, secret)).status).toBe(401);
  const failed = await fetch(`${room.origin}/agent/failed`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}` },
    body: 'no',
  });
  expect(failed.status).toBe(401);
  expect((await room.sessions.findCurrent(room.node.id))!.stage).toBe('off');
});

it('sends parts of an image', async () => {
  const room = await open();
  const session = await arm(room);
  const secret = secretIn(await scriptOf(room));
  await room.sessions.advance(session.id, ['off'], 'agent', { sign: 'agent', evidence: 'up' });
  const ask = (range: string) =>
    fetch(`${room.origin}/agent/image`, { headers: { authorization: `Bearer ${secret}`, range } });
  const part = await ask('bytes=2-9');
  expect(part.status).toBe(206);
  expect(part.headers.get('content-range')).toBe('bytes 2-9/68000');
  expect(await part.text()).toBe('raw disk');
  expect(await (await ask('bytes=-6')).text()).toBe('image ');
  expect((await ask('bytes=68000-')).status).toBe(416);
});

it('knows a system that reports by its key alone', async () => {
  const room = await open();
  const session = await arm(room);
  const report = (key: string) => fetch(`${room.origin}/phone-home/${key}`, { method: 'POST', body: '{}' });
  expect((await report('guessed')).status).toBe(404);
  expect((await report(session.homeKey)).status).toBe(200);
  // Nothing was installed yet, so that this is noted and changes nothing.
  expect((await room.sessions.find(session.id))!.stage).toBe('off');
});

it('refuses facts that are none', async () => {
  const room = await open();
  await arm(room);
  const secret = secretIn(await scriptOf(room));
  for (const body of ['', '{', '{"firmware":"coreboot"}']) {
    const reply = await fetch(`${room.origin}/agent/hello`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body,
    });
    expect(reply.status).toBe(400);
  }
});
