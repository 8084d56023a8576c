/**
 * What people rely on in every driver whose machines have a serial console. Drivers without one leave this suite out;
 * what they say then is `unsupported`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Node } from '../core/node.ts';
import { DriverError, type Driver, type SerialConsole } from '../core/ports.ts';

export interface ConsoleSubject {
  driver: Driver;
  /** Powered on, with a system that answers on its serial line. */
  node: Node;
  /** Makes the machine write this, or is absent where it writes by itself. */
  say?: (text: string) => void;
  /** What the machine writes by itself or is made to write. */
  words: string;
  /** What it answers to the letter x. */
  echo: string;
  close(): Promise<void>;
}

export function consoleConformance(name: string, make: () => Promise<ConsoleSubject>): void {
  describe(`consoles of the ${name} driver`, () => {
    let subject: ConsoleSubject;
    beforeEach(async () => {
      subject = await make();
    });
    afterEach(async () => {
      await subject.driver.close();
      await subject.close();
    });

    /** Opens it and waits for its words. */
    async function open() {
      const console = await subject.driver.openConsole(subject.node);
      const heard = listen(console);
      subject.say?.(subject.words);
      await until(() => heard.text.includes(subject.words));
      return { console, heard };
    }

    it('carry what the machine writes, and what is typed', async () => {
      const { console, heard } = await open();
      console.write(Buffer.from('x'));
      await until(() => heard.text.split(subject.words)[1]!.includes(subject.echo));
    });

    it('are open once at a time', async () => {
      await open();
      const error: unknown = await subject.driver
        .openConsole(subject.node)
        .catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(DriverError);
      expect(error).toMatchObject({ kind: 'busy', message: expect.stringMatching(/^[A-Z]\S* .*\S$/) });
    });

    it('say once that they are closed, say nothing afterwards, and may be opened again', async () => {
      const { console, heard } = await open();
      console.close();
      console.close();
      await until(() => heard.closed.length > 0);
      const said = heard.text;
      console.write(Buffer.from('x'));
      await open();
      expect(heard.closed).toEqual([expect.stringMatching(/^[A-Z]\S* .*\S$/)]);
      expect(heard.text).toBe(said);
    });

    it('end with the driver', async () => {
      const { heard } = await open();
      await subject.driver.close();
      await until(() => heard.closed.length > 0);
    });
  });
}

function listen(console: SerialConsole) {
  const heard = { text: '', closed: [] as string[] };
  console.onData((bytes) => void (heard.text += Buffer.from(bytes).toString('latin1')));
  console.onClose((reason) => void heard.closed.push(reason));
  return heard;
}

/** The test's own time limit is the end of patience. */
async function until(isThere: () => boolean): Promise<void> {
  while (!isThere()) await sleep(5);
}
