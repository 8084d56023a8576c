/** The end of the door at which ramdisks report. */
import fastify from 'fastify';
import { expect, it } from 'vitest';
import { openAgentDoor } from '../../src/boot/agent-door.ts';
import type { ProvisioningRoom } from '../../src/boot/provisioning-room.ts';

it('closes only when the progress of an image that was sent is written down', async () => {
  const [asked, written] = [Promise.withResolvers<string>(), Promise.withResolvers<void>()];
  const order = { imageId: 'an image', imageName: 'an image' };
  const room = {
    sessions: {
      findBySecret: async () => ({ id: 'a session', stage: 'agent', order }),
      note: async () => {},
      async refresh(_: string, words: string) {
        asked.resolve(words);
        await written.promise;
      },
    },
    images: { find: async () => ({ path: import.meta.filename }) },
    log: (error: unknown) => console.error(error),
  } as unknown as ProvisioningRoom;
  const http = fastify();
  openAgentDoor(http, room);
  const { body } = await http.inject({ url: '/agent/image', headers: { authorization: 'Bearer secret' } });
  expect(body).toContain('closes only when');
  await asked.promise;

  let isClosed = false;
  const closed = http.close().then(() => (isClosed = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(isClosed).toBe(false);
  written.resolve();
  await closed;
});
