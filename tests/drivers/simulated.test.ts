import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { conformance } from '../../src/drivers/conformance.ts';
import { consoleConformance } from '../../src/drivers/console-conformance.ts';
import { createSimulatedDriver } from '../../src/drivers/simulated/driver.ts';
import type { BootDevice } from '../../src/core/node.ts';
import { simulatedMachines } from '../../src/store/simulation.ts';
import { openStore } from '../support/store.ts';

const stepMs = 20;

conformance(
  'simulated',
  async () => {
    const store = await openStore();
    const node = await store.makeNode();
    // What the machine itself would say, past `look` and the driver.
    const read = async () => {
      const { rows } = await sql<{ power: 'on' | 'off'; commands: number; boots: BootDevice }>`
        select case when pending_at <= now() then pending_power else power end as power,
          power_commands as commands, boot_device as boots
        from simulated_machines where node_id = ${node.id}`.execute(store.database.sql);
      return rows[0]!;
    };
    const driver = createSimulatedDriver(simulatedMachines(store.database.sql), stepMs);
    return {
      driver,
      installer: driver,
      node,
      machine: {
        power: async () => (await read()).power,
        powerCommands: async () => (await read()).commands,
        bootDevice: async () => (await read()).boots,
      },
      unreachable: { ...node, id: randomUUID() },
      close: () => store.close(),
    };
  },
  {
    credentials: 'a simulated BMC asks for none',
    media: 'a simulated machine has no virtual drive',
    'event-log': 'a simulated BMC has written nothing',
  },
);

consoleConformance('simulated', async () => {
  const store = await openStore();
  const node = await store.makeNode();
  await sql`
    update simulated_machines set power = 'on', hostname = 'conformance'
    where node_id = ${node.id}`.execute(store.database.sql);
  return {
    driver: createSimulatedDriver(simulatedMachines(store.database.sql), stepMs),
    node,
    words: 'conformance login: ',
    echo: 'x',
    close: () => store.close(),
  };
});
