/** The driver against each habit in power, boot, media and restart. The rest is in `habits-of-answering`. */
import { quirkNames } from '../../src/bmc-simulator/quirks.ts';
import { conformanceWithHabit, isOfActing } from './subject.ts';

quirkNames.filter(isOfActing).forEach(conformanceWithHabit);
