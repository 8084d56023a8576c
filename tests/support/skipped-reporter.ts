/**
 * Lists the tests that did not run, by name and with the reason that they gave (`context.skip(reason)`), at
 * the end of the run. With CI=true a skipped test is a failure: there everything must be installed.
 */
import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node';

export default class SkippedReporter implements Reporter {
  #isPartialRun = false;

  onInit(vitest: Vitest): void {
    // With -t, all tests that were not asked for count as skipped.
    this.#isPartialRun = vitest.config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    if (this.#isPartialRun) return;
    const skipped = modules.flatMap((module) => [...module.children.allTests('skipped')]);
    if (skipped.length === 0) return;
    console.log(`Skipped tests: ${skipped.length}`);
    for (const test of skipped) console.log(`  ${describe(test)}`);
    if (process.env.CI === 'true') {
      console.log('With CI=true no test may be skipped.');
      process.exitCode = 1;
    }
  }
}

function describe(test: TestCase): string {
  const result = test.result();
  const reason = (result.state === 'skipped' && result.note) || `no reason given (${test.options.mode})`;
  return `${test.module.relativeModuleId} > ${test.fullName}: ${reason}`;
}
