/** One console for all who watch, and what happens when it breaks off. */
import { expect, it } from 'vitest';
import { DriverError, type Driver, type SerialConsole } from '../../src/core/ports.ts';
import { Hub } from '../../src/engine/consoles/hub.ts';
import { makeNode } from '../redfish/node.ts';

interface Line extends SerialConsole {
  say(text: string): void;
  breakOff(reason: string): void;
  typed: string;
  isClosed: boolean;
}

function makeLine(): Line {
  let onData: (bytes: Uint8Array) => void = () => {};
  let onClose: (reason: string) => void = () => {};
  return {
    typed: '',
    isClosed: false,
    write(bytes) {
      this.typed += Buffer.from(bytes).toString();
    },
    onData: (listener) => void (onData = listener),
    onClose: (listener) => void (onClose = listener),
    close() {
      this.isClosed = true;
    },
    say: (text) => onData(Buffer.from(text)),
    breakOff: (reason) => onClose(reason),
  };
}

/** A hub whose console opens as the given results say, the last of them again and again. */
function makeHub(results: (Line | DriverError)[]) {
  const kept: string[] = [];
  let opened = 0;
  const over = Promise.withResolvers<void>();
  const driver = {
    async openConsole() {
      const result = results[Math.min(opened, results.length - 1)]!;
      opened += 1;
      if (result instanceof DriverError) throw result;
      return result;
    },
  } as unknown as Driver;
  const hub = new Hub({
    driver,
    node: makeNode('https://127.0.0.1'),
    keepLog: async (content) => void kept.push(content.toString()),
    onEmpty: () => over.resolve(),
    reopenMs: [1, 1],
  });
  return { hub, kept, over: over.promise, opened: () => opened };
}

function makeViewer() {
  const ended = Promise.withResolvers<string>();
  const seen = { text: '' };
  const waiting: (() => void)[] = [];
  return {
    serverId: null,
    seen,
    ended: ended.promise,
    show(bytes: Uint8Array) {
      seen.text += Buffer.from(bytes).toString();
      for (const look of waiting.splice(0)) look();
    },
    end: (reason: string) => ended.resolve(reason),
    async see(text: string) {
      while (!seen.text.includes(text)) await new Promise<void>((resolve) => waiting.push(resolve));
    },
  };
}

it('opens one console for all, and closes it when the last has left', async () => {
  const line = makeLine();
  const { hub, kept, over, opened } = makeHub([line]);
  const [first, second] = [makeViewer(), makeViewer()];
  await Promise.all([hub.join(first), hub.join(second)]);
  line.say('hello');
  hub.type(Buffer.from('x'));
  expect([first.seen.text, second.seen.text, line.typed, opened()]).toEqual(['hello', 'hello', 'x', 1]);
  hub.leave(first);
  expect(line.isClosed).toBe(false);
  hub.leave(second);
  await over;
  await hub.settled();
  expect(line.isClosed).toBe(true);
  expect(kept).toEqual(['hello']);
});

it('shows newcomers what came before', async () => {
  const line = makeLine();
  const { hub } = makeHub([line]);
  await hub.join(makeViewer());
  line.say('login: ');
  const late = makeViewer();
  await hub.join(late);
  expect(late.seen.text).toBe('login: ');
});

it('opens the console again when the BMC dropped it, and says so', async () => {
  const [line, again] = [makeLine(), makeLine()];
  const { hub, opened } = makeHub([line, new DriverError('unreachable', 'The BMC is away'), again]);
  const viewer = makeViewer();
  await hub.join(viewer);
  line.breakOff('The BMC ended the console session');
  await viewer.see('The BMC is away; trying again');
  while (opened() < 3) await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  again.say('back');
  await viewer.see('back');
  hub.type(Buffer.from('y'));
  expect(again.typed).toBe('y');
});

it('gives up after some attempts, and tells everybody why', async () => {
  const line = makeLine();
  const { hub, over } = makeHub([line, new DriverError('unreachable', 'The BMC is away')]);
  const viewer = makeViewer();
  await hub.join(viewer);
  line.breakOff('The BMC ended the console session');
  expect(await viewer.ended).toBe('The BMC is away');
  await over;
});
