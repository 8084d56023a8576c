/** The driver against each habit in who may come in and how it is answered. The rest is in `habits-of-acting`. */
import { quirkNames } from '../../src/bmc-simulator/quirks.ts';
import { conformanceWithHabit, isOfActing } from './subject.ts';

quirkNames.filter((name) => !isOfActing(name)).forEach(conformanceWithHabit);
