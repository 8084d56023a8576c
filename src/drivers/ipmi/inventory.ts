/**
 * What IPMI knows of a machine: the FRU of its board (Platform Management FRU Information Storage Definition 1.0) and
 * the version of the BMC. Processors, memory, disks and NICs are not its subject; what was recorded of them by other
 * means, such as from within the machine, stays.
 */
import type { Health, Inventory } from '../../core/node.ts';
import { toSpellings } from '../../core/system-uuid.ts';
import { commandFailure } from './answer.ts';
import type { Ask } from './bmc.ts';
import { toFields } from './fields.ts';
import { readHealth } from './sensors.ts';

const nothing: Inventory = {
  manufacturer: '',
  model: '',
  serialNumber: '',
  cpuCores: 0,
  cpuModel: '',
  memoryMib: 0,
  disks: [],
  nics: [],
  biosVersion: null,
  bmcVersion: null,
  health: 'Unknown',
};

/** The FRU with id 0 is that of the machine itself (IPMI 2.0, 38). */
const commands = ['fru print 0', 'mc info', 'mc guid'] as const;
/** Where the answer to the second begins; both have a "Product Name". */
const controllerBegins = /^Device ID\s*:/m;

export async function inspect(ask: Ask, recorded: Inventory | null): Promise<Inventory> {
  const output = await ask(commands);
  const [fru = '', controller = ''] = output.stdout.split(controllerBegins);
  const bmc = toFields(controller);
  if (!bmc.has('Firmware Revision')) throw commandFailure('the reading of its inventory', output);
  const health: Health = (await readHealth(ask, 'Unknown')).health;
  return {
    ...toInventory(toFields(fru), recorded ?? nothing),
    ...toSystemUuid(bmc),
    bmcVersion: bmc.get('Firmware Revision')!,
    health,
  };
}

/** Get Device GUID (IPMI 2.0, 20.8), which BMCs answer with that of the system; some have none. */
function toSystemUuid(controller: Map<string, string>): Pick<Inventory, 'systemUuid'> {
  const guid = controller.get('System GUID');
  return guid !== undefined && toSpellings(guid).length > 0 ? { systemUuid: guid.toLowerCase() } : {};
}

function toInventory(fru: Map<string, string>, recorded: Inventory): Inventory {
  const first = (...names: string[]) =>
    names.map((name) => fru.get(name)).find((value) => value !== undefined);
  return {
    ...recorded,
    manufacturer: first('Product Manufacturer', 'Board Mfg') ?? recorded.manufacturer,
    model: first('Product Name', 'Board Product') ?? recorded.model,
    serialNumber: first('Product Serial', 'Chassis Serial', 'Board Serial') ?? recorded.serialNumber,
  };
}
