/** What each named step does; which operation has which stands in `core/operations`. */
import type { StepName } from '../../core/operations.ts';
import { deploy, firstBoot, wipe } from './deploy.ts';
import { network, place, release } from './placement.ts';
import { power } from './power.ts';
import type { Step } from './step.ts';

export const steps: Readonly<Record<StepName, Step>> = {
  place,
  network,
  'power-off': power('off'),
  deploy,
  'power-on': power('on'),
  'first-boot': firstBoot,
  wipe,
  release,
};
