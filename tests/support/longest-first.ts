/**
 * In which order the files are taken: by size, as Vitest does when it has not seen them run, but before all the files that
 * wait for machines with real firmware. They take minutes of which others can use the most; started last, one of them
 * would have all processes but its own stand idle.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const first = ['tests/lab/faults.test.ts', 'tests/lab/life.test.ts', 'tests/lab/inspect.test.ts'];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isOf = (name: string) => (file: TestSpecification) => file.moduleId.endsWith(`/${name}`);
    const long = first.flatMap((name) => sorted.filter(isOf(name)));
    return [...long, ...sorted.filter((file) => !long.includes(file))];
  }
}
