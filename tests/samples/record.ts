/**
 * `npm run samples`: asks a new Ingot what the samples ask, and writes down what it answers. An answer that has the
 * shape of the one that is there leaves the file as it is.
 *
 *   npm run samples            all
 *   npm run samples -- V04     those of one route
 *
 * A new route: write `[{"request": {"method": …, "path": …}, "answer": null}]` into its file first.
 */
import prepareRun from '../support/prepare-run.ts';
import { startCloud } from '../support/cloud.ts';
import { differences } from '../support/shape.ts';
import { useThings } from '../support/things.ts';
import { ask, readSamples, sampledRoutes, writeSamples } from './samples.ts';

const [only] = process.argv.slice(2);
const endRun = await prepareRun();
const cloud = await startCloud({ INGOT_SIM_NODES: '200' });
const all = useThings(cloud);
try {
  for (const { route, file } of sampledRoutes()) {
    if (only !== undefined && route.id !== only) continue;
    const samples = readSamples(file);
    if (samples.length === 0) console.log(`${route.id}: write its request into ${file}`);
    let isChanged = false;
    for (const sample of samples) {
      const answer = await ask(cloud, all.open(), sample).catch((error: unknown) => {
        console.log(`${route.id}: ${String(error)}`);
        process.exitCode = 1;
        return null;
      });
      if (!answer) continue;
      if (sample.answer && differences(sample.answer, answer).length === 0) continue;
      sample.answer = answer;
      isChanged = true;
      console.log(
        `${route.id}: ${answer.status}${answer.status < 300 ? '' : ` ${JSON.stringify(answer.body)}`}`,
      );
    }
    if (isChanged) await writeSamples(file, samples);
  }
} finally {
  await cloud.close();
  await endRun();
}
