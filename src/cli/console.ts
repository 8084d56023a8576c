/** Ties the terminal to a serial console, as ssh does: every key goes there, `~.` at the beginning of a line leaves. */
import type { Readable, Writable } from 'node:stream';
import type { Asked, Told } from './command.ts';

export interface Terminal {
  input: Readable & { isTTY?: boolean; setRawMode?: (isRaw: boolean) => unknown };
  output: Writable;
}

const escape = '~'.charCodeAt(0);
const leave = '.'.charCodeAt(0);
const lineEnds = [0x0a, 0x0d];

/** @param path of the thing whose console it is, in the operator's API */
export async function openConsole({ client }: Asked, path: string): Promise<Told> {
  const { websocket_url } = await client.ask('POST', `${path}/console`);
  process.stderr.write('~. at the beginning of a line leaves the console.\r\n');
  const reason = await attachConsole(websocket_url as string, {
    input: process.stdin,
    output: process.stdout,
  });
  return { json: { reason }, text: `\n${reason}` };
}

/** @returns why it ended. @throws Error when the link does not work */
export async function attachConsole(url: string, { input, output }: Terminal): Promise<string> {
  const socket = new WebSocket(url, ['binary']);
  socket.binaryType = 'arraybuffer';
  let isOpen = false;
  const ended = Promise.withResolvers<string>();
  const keys = createKeys({
    send: (bytes) => socket.send(bytes),
    leave() {
      socket.close();
      ended.resolve('You left the console.');
    },
  });
  socket.addEventListener('open', () => {
    isOpen = true;
    if (input.isTTY) input.setRawMode?.(true);
    input.on('data', keys);
    input.once('end', () => socket.close());
  });
  socket.addEventListener('message', ({ data }) => output.write(Buffer.from(data as ArrayBuffer)));
  socket.addEventListener('close', ({ reason }) => {
    if (isOpen) ended.resolve(reason === '' ? 'The console was closed.' : `${reason}.`);
    else ended.reject(new Error('The link to the console did not work.'));
  });

  try {
    return await ended.promise;
  } finally {
    input.off('data', keys);
    if (input.isTTY) input.setRawMode?.(false);
    input.pause();
  }
}

/** `~~` at the beginning of a line is one `~`; before anything else but a point it is itself. */
function createKeys(act: {
  send: (bytes: Uint8Array<ArrayBuffer>) => void;
  leave: () => void;
}): (chunk: Buffer) => void {
  let isLineBegun = false;
  let isEscaped = false;
  return (chunk) => {
    const sent: number[] = [];
    for (const byte of chunk) {
      if (isEscaped) {
        isEscaped = false;
        if (byte === leave) {
          if (sent.length > 0) act.send(Uint8Array.from(sent));
          return act.leave();
        }
        if (byte !== escape) sent.push(escape);
      } else if (!isLineBegun && byte === escape) {
        isEscaped = true;
        continue;
      }
      sent.push(byte);
      isLineBegun = !lineEnds.includes(byte);
    }
    if (sent.length > 0) act.send(Uint8Array.from(sent));
  };
}
