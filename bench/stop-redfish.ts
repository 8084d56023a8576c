/** Stop-1000 end to end on Redfish BMCs with 50 ms latency, against calling those BMCs directly. */
import { Agent, request } from 'undici';
import { rentEverything } from '../tests/crash/process.ts';
import { startCloud } from '../tests/support/cloud.ts';
import { inTurns, timed, type Bench } from './bench.ts';
import { benchKey, enrolFleet, startFleet } from './fleet.ts';

const count = 1000;
const latencyMs = 50;
/** BMCs spoken to at once by the bare client; Ingot finds its own number. */
const concurrency = 256;

export const stopRedfish: Bench = {
  name: 'stop-redfish',
  help: `stop-1000 on Redfish BMCs with ${latencyMs} ms latency against calling those BMCs directly`,
  async run(tell) {
    const fleet = await startFleet(
      '--count',
      count,
      '--port',
      21_000,
      '--latency',
      latencyMs,
      '--power',
      'on',
    );
    const cloud = await startCloud({
      INGOT_SIM_NODES: '0',
      INGOT_SECRET_KEY: benchKey,
      INGOT_HEALTH_SECONDS: '0',
    });
    await enrolFleet(cloud.databaseUrl, fleet.addresses);
    const ids = await rentEverything(cloud.sql);
    const ask = async (action: 'os-stop' | 'os-start') => {
      const asked = await cloud.call('POST', '/v1/{p}/baremetalservers/action', {
        [action]: { servers: ids.map((id) => ({ id })) },
      });
      // The end is looked for in the database: reading a job of 1000 parts every few milliseconds would be measured too.
      const open = async () =>
        (await cloud.sql.query('select 1 from sub_jobs where ended_at is null limit 1')).rowCount;
      await cloud.until(open, (left) => left === 0);
      const job = await cloud.jobEnd(asked.body.job_id);
      if (job.status !== 'SUCCESS') throw new Error(`${action}: ${job.error_code} ${job.fail_reason}`);
    };
    const direct = await openDirect(fleet.addresses);
    // Sessions are open and systems known on both sides before anything is timed.
    await ask('os-stop');
    await ask('os-start');
    tell(`${count} BMCs, ${concurrency} at once`);
    const measured = await inTurns(
      5,
      async () => {
        const took = await timed(() => ask('os-stop'));
        await ask('os-start');
        return took;
      },
      async () => {
        const took = await timed(() => direct.all('ForceOff', 'Off'));
        await direct.all('On', 'On');
        return took;
      },
    );
    await direct.close();
    await cloud.close();
    fleet.stop();
    return [
      {
        name: 'stop-1000 on Redfish / direct calls',
        says: 'POST to SUCCESS of the job, against GET, POST Reset, GET until off on each BMC by a bare client',
        ratio: measured.ratio,
        aim: { most: 1.1 },
        measured: { 'ours ms': measured.ours, 'floor ms': measured.floor },
      },
    ];
  },
};

/** The same requests as the driver makes, without anything around them. */
async function openDirect(addresses: string[]) {
  const agent = new Agent({ connections: 2, keepAliveTimeout: 60_000 });
  const sessions = new Map<string, string>();

  async function send(address: string, path: string, body?: unknown, method = body ? 'POST' : 'GET') {
    const response = await request(address + path, {
      dispatcher: agent,
      method,
      headers: {
        'odata-version': '4.0',
        ...(body ? { 'content-type': 'application/json' } : {}),
        ...(sessions.has(address) ? { 'x-auth-token': sessions.get(address)! } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.body.text();
    return { headers: response.headers, body: text ? JSON.parse(text) : null };
  }

  async function each(run: (address: string) => Promise<void>): Promise<void> {
    const left = [...addresses];
    await Promise.all(
      Array.from({ length: concurrency }, async () => {
        for (let address = left.pop(); address; address = left.pop()) await run(address);
      }),
    );
  }

  let system = '';
  await each(async (address) => {
    const login = { UserName: 'admin', Password: 'correct horse' };
    const { headers } = await send(address, '/redfish/v1/SessionService/Sessions', login);
    sessions.set(address, String(headers['x-auth-token']));
    system ||= (await send(address, '/redfish/v1/Systems')).body.Members[0]['@odata.id'];
  });

  return {
    all: (resetType: string, wanted: string) =>
      each(async (address) => {
        const { body: first } = await send(address, system);
        const target = first.Actions['#ComputerSystem.Reset'].target;
        await send(address, target, { ResetType: resetType });
        while ((await send(address, system)).body.PowerState !== wanted);
      }),
    close: () => agent.close(),
  };
}
