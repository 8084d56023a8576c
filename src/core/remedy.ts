/**
 * What is tried when a deadline passes, before an operation is given up. Which state tries what, in which order, stands
 * in the lifecycle table; each remedy is tried once.
 */
export type Remedy = 'read again' | 'send again' | 'restart the BMC' | 'cycle power';

interface Kind {
  /** How much longer the operation may last then, as a share of its deadline. */
  share: number;
  /** But not longer than so many minutes of real hardware. */
  mostMinutes: number;
  /** Makes no sense at a BMC that does not answer. */
  needsBmc: boolean;
  does: string;
}

/** Minutes: BMCs are away for up to five when they restart (hardware in the field: iLO, iDRAC two to four). */
export const remedyKinds: Readonly<Record<Remedy, Kind>> = {
  'read again': {
    share: 1 / 8,
    mostMinutes: 5,
    needsBmc: false,
    does: 'looks once more, for BMCs show effects late',
  },
  'send again': {
    share: 1 / 4,
    mostMinutes: 45,
    needsBmc: false,
    does: 'begins the step afresh, for a BMC may have dropped the command',
  },
  'restart the BMC': {
    share: 1 / 2,
    mostMinutes: 10,
    needsBmc: true,
    does: 'restarts the BMC, not the machine, and begins the step afresh',
  },
  'cycle power': {
    share: 1 / 2,
    mostMinutes: 45,
    needsBmc: true,
    does: 'switches the machine off, sees it off, and begins afresh from there',
  },
};
