/**
 * In which order the files are taken: by size, as Vitest does when it has not seen them run, but before all others those
 * whose size says nothing of how long they take. Started last, each of them would have the other processes stand idle.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const first = [
  // Machines with real firmware take minutes, of which others can use the most.
  'tests/lab/faults.test.ts',
  'tests/lab/life.test.ts',
  'tests/lab/inspect.test.ts',
  // A few lines each, which call what other files have for them.
  'tests/crash/checkpoints-deploy.test.ts',
  'tests/crash/checkpoints-power.test.ts',
  'tests/isolation/servers.test.ts',
  'tests/redfish/habits-of-answering.test.ts',
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isOf = (name: string) => (file: TestSpecification) => file.moduleId.endsWith(`/${name}`);
    const long = first.flatMap((name) => sorted.filter(isOf(name)));
    return [...long, ...sorted.filter((file) => !long.includes(file))];
  }
}
