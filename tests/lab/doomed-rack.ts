/** Starts a rack with a running machine, says where it is, and waits to be killed. */
import { startRack } from '../../lab/rack/rack.ts';

const rack = await startRack({ machines: [{ name: 'n1', bmc: 'both', firmware: 'bios' }] });
await rack.machine('n1').setPower('on');
const firstProcess = Number(/--target=(\d+)/.exec(rack.entry)![1]);
console.log(JSON.stringify({ folder: rack.folder, firstProcess }));
await rack.ended;
