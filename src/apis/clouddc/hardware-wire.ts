/** Hardware attributes as documented: the core's names are the documented ones in another spelling. */
import type { Inventory } from '../../core/node.ts';

function toSummary({ serialNumber, manufacturer, model }: Inventory) {
  return { sn: serialNumber, manufacturer, model };
}

export function toHardware(inventory: Inventory) {
  const {
    memory = [],
    powers = [],
    firmware: _firmware,
    sensors: _sensors,
    ...parts
  } = inventory.parts ?? {};
  return {
    summary: toSummary(inventory),
    processors: [],
    memorys: toWire(memory),
    network_adapters: [],
    storage_controllers: [],
    fans: [],
    ...(toWire(parts) as object),
    // In two parts, as that of a fan: Huawei Cloud's SDKs read it so. Whether one is enabled is not known.
    powers: toWire(
      powers.map(({ status, ...power }) => ({ ...power, ...(status && { status: { health: status } }) })),
    ),
    // Counters of the running machine are not read.
    metrics: [],
  };
}

export function toFirmware({ parts, biosVersion, bmcVersion, manufacturer, model }: Inventory) {
  const listed = parts?.firmware ?? [];
  if (listed.length > 0) return toWire(listed);
  // A BMC without a FirmwareInventory tells these two elsewhere.
  const known = [
    { component_name: 'BIOS', version: biosVersion },
    { component_name: 'BMC', version: bmcVersion },
  ];
  return known
    .filter(({ version }) => version !== null)
    .map(({ component_name, version }) => ({ component_name, model, manufacturer, version }));
}

/** In snake_case; what was not read is left out. */
function toWire(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toWire);
  if (typeof value !== 'object' || value === null) return value;
  const known = Object.entries(value).filter(([, part]) => part !== null && part !== undefined);
  return Object.fromEntries(known.map(([name, part]) => [toSnake(name), toWire(part)]));
}

function toSnake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
