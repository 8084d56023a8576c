/** Stands before a BMC and swallows requests for a session with a cipher suite other than 3, as if it did not know them. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** RMCP+ Open Session Request (IPMI 2.0, 13.17): payload type 10h; the authentication algorithm, 01h in suite 3. */
const payloadTypeAt = 5;
const openSession = 0x10;
const algorithmAt = 28;
const hmacSha1 = 0x01;

export async function startMuteRelay(address: string) {
  const [host, port] = address.split(':');
  const front = createSocket('udp4');
  const backs = new Map<number, Socket>();
  const relay = {
    address: '',
    async [Symbol.asyncDispose]() {
      for (const socket of [front, ...backs.values()]) socket.close();
    },
  };
  front.on('message', (message, from) => {
    const isOpening = message[payloadTypeAt] === openSession;
    if (isOpening && message[algorithmAt] !== hmacSha1) return;
    let back = backs.get(from.port);
    if (!back) {
      back = createSocket('udp4').on('message', (answer) => front.send(answer, from.port, from.address));
      backs.set(from.port, back);
    }
    back.send(message, Number(port), host);
  });
  front.bind(0, '127.0.0.1');
  await once(front, 'listening');
  relay.address = `127.0.0.1:${front.address().port}`;
  return relay;
}
