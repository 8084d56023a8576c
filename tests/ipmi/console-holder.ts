/**
 * A process that holds the console of the machine whose address it is given, until it is killed. Prints `open` when it
 * has it.
 */
import { makeIpmiDriver, makeIpmiNode } from './node.ts';

const held = await makeIpmiDriver().openConsole(makeIpmiNode(process.argv[2]!));
held.onData(() => undefined);
process.stdin.on('end', () => process.exit(0)).resume();
console.log('open');
