/** Stop-1000 on BMCs of every personality, judged by the BMCs: none may see a limit of its own exceeded. */
import { rentEverything } from '../tests/crash/process.ts';
import { startCloud } from '../tests/support/cloud.ts';
import { timed, type Bench } from './bench.ts';
import { benchKey, enrolFleet, startFleet } from './fleet.ts';

const count = 1_000;

export const stopMix: Bench = {
  name: 'stop-mix',
  help: 'stop-1000 and start-1000 on all personalities: violations of session and request limits, counted by the BMCs',
  async run(tell) {
    const words = ['--count', count, '--port', 21_000, '--personality', 'mix', '--seed', 7];
    const fleet = await startFleet(...words, '--time-factor', 0.2, '--power', 'on');
    const cloud = await startCloud({
      INGOT_SIM_NODES: '0',
      INGOT_SECRET_KEY: benchKey,
      INGOT_HEALTH_SECONDS: '0',
    });
    await enrolFleet(cloud.databaseUrl, fleet.addresses);
    const ids = await rentEverything(cloud.sql);
    let failed = 0;
    const ask = async (action: 'os-stop' | 'os-start') => {
      const asked = await cloud.call('POST', '/v1/{p}/baremetalservers/action', {
        [action]: { servers: ids.map((id) => ({ id })) },
      });
      const open = async () =>
        (await cloud.sql.query('select 1 from sub_jobs where ended_at is null limit 1')).rowCount;
      await cloud.until(open, (left) => left === 0);
      const job = await cloud.jobEnd(asked.body.job_id);
      failed += Number(job.entities?.failed_sub_jobs?.length ?? (job.status === 'SUCCESS' ? 0 : 1));
    };
    tell(`${count} BMCs, seven personalities in turns`);
    const stopMs = await timed(() => ask('os-stop'));
    const startMs = await timed(() => ask('os-start'));
    const counters = await fleet.counters();
    await cloud.close();
    fleet.stop();

    const violations = counters.reduce((sum, { violations: { sessions, inFlight, rate } }) => {
      return sum + sessions + inFlight + rate;
    }, 0);
    const most = (of: (one: (typeof counters)[number]) => number) => Math.max(...counters.map(of));
    return [
      {
        name: 'violations of limits / BMC',
        says: 'requests or logins past what a BMC bears, counted by the BMCs over a stop and a start of all',
        ratio: violations / count,
        aim: { most: 0 },
        measured: {
          'stop ms': stopMs,
          'start ms': startMs,
          violations,
          'most sessions at once per BMC': most(({ sessionsPeak }) => sessionsPeak),
          'most requests at once per BMC': most(({ peakInFlight }) => peakInFlight),
          'machines off at the end': counters.filter(({ power }) => power === 'off').length,
          'jobs not successful': failed,
        },
      },
    ];
  },
};
