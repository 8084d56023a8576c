/**
 * The life of a server: 13 states, one table.
 *
 * Everything that depends on state is read from here and nowhere else: the status in every API, the guards in SQL,
 * the check in the database, the codes of a refusal, deadlines, `docs/lifecycle.md` and the test matrix. A rule that
 * needs another fact of a state adds a column here.
 *
 * Names, attribute and status are the published table word for word (Huawei Cloud BMS bms_pd_0004, Open Telekom
 * Cloud otc0140735213); the other columns follow the published field values (otc0113746489, otc0118696596) and, where
 * those are silent, upstream Nova.
 *
 * Quirks that are meant: a state on its way shows the status it came from (Starting is SHUTOFF, Stopping is ACTIVE);
 * Deleting shows whatever was shown when deletion began; Deleted is intermediate, for the record itself goes away;
 * "Reinstalling OS failed" is stable and SHUTOFF, not ERROR.
 */
import type { Operation, StepName } from './operations.ts';
import type { Remedy } from './remedy.ts';

export const states = [
  'Creating',
  'Starting',
  'Running',
  'Stopping',
  'Stopped',
  'Restarting',
  'Forcibly restarting',
  'Deleting',
  'Deleted',
  'Faulty',
  'Rebuilding',
  'Reinstalling OS',
  'Reinstalling OS failed',
] as const;

export type State = (typeof states)[number];

/** `status` in the BMS and Nova APIs. */
export type Status = 'BUILD' | 'ACTIVE' | 'SHUTOFF' | 'REBOOT' | 'HARD_REBOOT' | 'DELETED' | 'ERROR';
/** `OS-EXT-STS:vm_state`. */
export type VmState = 'building' | 'active' | 'stopped' | 'error' | 'deleted';
/** `OS-EXT-STS:task_state`: what an intermediate state is busy with; null when nothing is under way. */
export type TaskState =
  | 'scheduling'
  | 'networking'
  | 'spawning'
  | 'powering-on'
  | 'powering-off'
  | 'rebooting'
  | 'reboot_started'
  | 'rebooting_hard'
  | 'reboot_started_hard'
  | 'deleting'
  | 'rebuilding';
/** `OS-EXT-STS:power_state`: 0 no state, 1 running, 4 shut down. */
export type PowerState = 0 | 1 | 4;
/** `state` of a CloudDC instance. */
export const instanceStates = [
  'pending',
  'running',
  'stopped',
  'shutting-down',
  'terminated',
  'error',
] as const;
export type InstanceState = (typeof instanceStates)[number];
/** Which published API a caller came through; they accept different operations in the same state. */
export type Door = 'bms' | 'nova' | 'clouddc';
/** What the BMC said last; `unknown` when it does not answer. */
export type Power = 'on' | 'off' | 'unknown';
/**
 * What happens with the serial console: `offered`, whoever may gets a link to it; `kept`, no new ones, but those that
 * are out lead there and open ones go on; `closed`, open ones end. Closed is where nothing of the tenant's runs on the
 * machine, or something of ours does.
 */
export type ConsoleRule = 'offered' | 'kept' | 'closed';

interface Row {
  /** Whether a server may rest here. */
  attribute: 'intermediate' | 'stable';
  /** The published "API status" cell, word for word. */
  published: string;
  /** The status shown; `as when deletion began` is answered by the state that deletion began in. */
  status: Status | 'as when deletion began';
  /** What upstream Nova shows where the published table says something else. */
  upstreamStatus?: 'REBUILD';
  /** The status that Deleting keeps showing when it began here (BUILD is not in the published list). */
  whileDeleting?: Status;
  vmState: VmState | 'as when deletion began';
  /** The operation that passes through here. */
  by?: Operation;
  /** In the order in which they are passed, each with the step that begins it. Empty: nothing under way. */
  taskStates: Partial<Record<TaskState, StepName>>;
  powerState: PowerState | 'as last read' | 'as when deletion began';
  /** The power of a machine whose server rests here; one that is found otherwise is followed, or put back (power sync). */
  rests?: 'on' | 'off';
  /** One word, or one per task state where the hardware's doing shows through (a restart is seen as a stop and a start). */
  instance: InstanceState | Partial<Record<TaskState, InstanceState>>;
  console: ConsoleRule;
  /** Operations accepted here, by door. */
  accepts: Record<Door, readonly Operation[]>;
  /** Code and words of the BMS v1 refusal (errors table otc0107541808); the words name what the server is doing. */
  refusal?: { code: string; says: string; only?: Operation };
  /** Where an intermediate state ends when the effect was seen. null: the record goes. */
  success?: State | null;
  /** Where it ends when it failed, by what the BMC says then. */
  failure?: Record<Power, State>;
  /** After so many minutes without an end, the remedies begin; then it ends as `failure` says. */
  deadlineMinutes?: number;
  /** What is tried then, in this order, each once. A machine that carries a running system is never cycled. */
  remedies?: readonly Remedy[];
}

const nothing = { bms: [], nova: [], clouddc: [] } as const;
const onlyDelete = { bms: [], nova: ['delete'], clouddc: [] } as const;
const commanding = ['read again', 'send again', 'restart the BMC'] as const;
const booting = [...commanding, 'cycle power'] as const;
const faulty = { on: 'Faulty', off: 'Faulty', unknown: 'Faulty' } as const;

export const lifecycle: Readonly<Record<State, Row>> = {
  Creating: {
    attribute: 'intermediate',
    published: 'BUILD/BUILDING',
    status: 'BUILD',
    whileDeleting: 'SHUTOFF',
    vmState: 'building',
    by: 'create',
    taskStates: { scheduling: 'place', networking: 'network', spawning: 'deploy' },
    powerState: 0,
    instance: 'pending',
    console: 'closed',
    accepts: { bms: [], nova: ['delete'], clouddc: ['delete'] },
    success: 'Running',
    failure: faulty,
    deadlineMinutes: 150,
    remedies: booting,
  },
  Starting: {
    attribute: 'intermediate',
    published: 'SHUTOFF',
    status: 'SHUTOFF',
    vmState: 'stopped',
    by: 'start',
    taskStates: { 'powering-on': 'power-on' },
    powerState: 4,
    instance: 'stopped',
    console: 'kept',
    accepts: onlyDelete,
    refusal: { code: 'BMS.0035', says: 'Server is powering on, not allow to %s.' },
    success: 'Running',
    failure: { on: 'Faulty', off: 'Stopped', unknown: 'Faulty' },
    deadlineMinutes: 10,
    remedies: booting,
  },
  Running: {
    attribute: 'stable',
    published: 'ACTIVE',
    status: 'ACTIVE',
    vmState: 'active',
    taskStates: {},
    powerState: 1,
    rests: 'on',
    instance: 'running',
    console: 'offered',
    accepts: {
      bms: ['stop', 'restart', 'force-restart', 'delete'],
      nova: ['stop', 'restart', 'force-restart', 'rebuild', 'delete'],
      clouddc: ['stop', 'restart', 'force-restart', 'reinstall-os'],
    },
    refusal: { code: 'BMS.0038', says: 'Server is running, not allow to start.', only: 'start' },
  },
  Stopping: {
    attribute: 'intermediate',
    published: 'ACTIVE',
    status: 'ACTIVE',
    vmState: 'active',
    by: 'stop',
    taskStates: { 'powering-off': 'power-off' },
    powerState: 1,
    instance: 'running',
    console: 'kept',
    accepts: onlyDelete,
    refusal: { code: 'BMS.0036', says: 'Server is powering off, not allow to %s.' },
    success: 'Stopped',
    failure: { on: 'Running', off: 'Faulty', unknown: 'Faulty' },
    deadlineMinutes: 10,
    remedies: commanding,
  },
  Stopped: {
    attribute: 'stable',
    published: 'SHUTOFF',
    status: 'SHUTOFF',
    vmState: 'stopped',
    taskStates: {},
    powerState: 4,
    rests: 'off',
    instance: 'stopped',
    console: 'kept',
    accepts: {
      bms: ['start', 'reinstall-os', 'rebuild', 'delete'],
      nova: ['start', 'force-restart', 'rebuild', 'delete'],
      clouddc: ['start', 'reinstall-os', 'delete'],
    },
    refusal: { code: 'BMS.0039', says: 'Server is stopped, not allow to stop.', only: 'stop' },
  },
  Restarting: {
    attribute: 'intermediate',
    published: 'REBOOT',
    status: 'REBOOT',
    vmState: 'active',
    by: 'restart',
    taskStates: { rebooting: 'power-off', reboot_started: 'power-on' },
    powerState: 1,
    instance: { rebooting: 'running', reboot_started: 'stopped' },
    console: 'kept',
    accepts: onlyDelete,
    refusal: { code: 'BMS.0037', says: 'Server is rebooting, not allow to %s.' },
    success: 'Running',
    failure: { on: 'Running', off: 'Faulty', unknown: 'Faulty' },
    deadlineMinutes: 20,
    remedies: booting,
  },
  'Forcibly restarting': {
    attribute: 'intermediate',
    published: 'HARD_REBOOT',
    status: 'HARD_REBOOT',
    vmState: 'active',
    by: 'force-restart',
    taskStates: { rebooting_hard: 'power-off', reboot_started_hard: 'power-on' },
    powerState: 1,
    instance: { rebooting_hard: 'running', reboot_started_hard: 'stopped' },
    console: 'kept',
    accepts: onlyDelete,
    refusal: { code: 'BMS.0037', says: 'Server is rebooting, not allow to %s.' },
    success: 'Running',
    failure: faulty,
    deadlineMinutes: 20,
    remedies: booting,
  },
  Deleting: {
    attribute: 'intermediate',
    published: 'ACTIVE/SHUTOFF/REBOOT/HARD_REBOOT/ERROR',
    status: 'as when deletion began',
    vmState: 'as when deletion began',
    by: 'delete',
    taskStates: { deleting: 'power-off' },
    powerState: 'as when deletion began',
    instance: 'shutting-down',
    console: 'closed',
    accepts: nothing,
    success: 'Deleted',
    failure: faulty,
    deadlineMinutes: 60,
    remedies: commanding,
  },
  Deleted: {
    attribute: 'intermediate',
    published: 'DELETED',
    status: 'DELETED',
    vmState: 'deleted',
    taskStates: {},
    powerState: 0,
    instance: 'terminated',
    console: 'closed',
    accepts: nothing,
    success: null,
    deadlineMinutes: 60,
  },
  Faulty: {
    attribute: 'stable',
    published: 'ERROR',
    status: 'ERROR',
    vmState: 'error',
    taskStates: {},
    powerState: 'as last read',
    instance: 'error',
    console: 'offered',
    accepts: {
      bms: ['delete'],
      nova: ['stop', 'force-restart', 'rebuild', 'delete'],
      clouddc: ['reinstall-os', 'delete'],
    },
  },
  Rebuilding: {
    attribute: 'intermediate',
    published: 'SHUTOFF',
    status: 'SHUTOFF',
    upstreamStatus: 'REBUILD',
    vmState: 'stopped',
    by: 'rebuild',
    taskStates: { rebuilding: 'place' },
    powerState: 4,
    instance: 'pending',
    console: 'closed',
    accepts: { bms: [], nova: ['delete'], clouddc: ['delete'] },
    success: 'Running',
    failure: faulty,
    deadlineMinutes: 150,
    remedies: booting,
  },
  'Reinstalling OS': {
    attribute: 'intermediate',
    published: 'SHUTOFF',
    status: 'SHUTOFF',
    upstreamStatus: 'REBUILD',
    vmState: 'stopped',
    by: 'reinstall-os',
    taskStates: { rebuilding: 'place' },
    powerState: 4,
    instance: 'pending',
    console: 'closed',
    accepts: { bms: [], nova: ['delete'], clouddc: ['delete'] },
    success: 'Running',
    failure: {
      on: 'Reinstalling OS failed',
      off: 'Reinstalling OS failed',
      unknown: 'Reinstalling OS failed',
    },
    deadlineMinutes: 150,
    remedies: booting,
  },
  'Reinstalling OS failed': {
    attribute: 'stable',
    published: 'SHUTOFF',
    status: 'SHUTOFF',
    vmState: 'stopped',
    taskStates: {},
    powerState: 4,
    instance: 'error',
    console: 'closed',
    accepts: {
      bms: ['start', 'reinstall-os', 'delete'],
      nova: ['start', 'rebuild', 'delete'],
      clouddc: ['reinstall-os', 'delete'],
    },
  },
};

/** What every API shows of a server's state; the record keeps these three facts and derives the rest. */
export interface Standing {
  state: State;
  taskState: TaskState | null;
  /** The state in which deletion began; null unless Deleting or Deleted. */
  deletingFrom: State | null;
  /** What the BMC said last. */
  power: Power;
}

const reading: Record<Power, PowerState> = { on: 1, off: 4, unknown: 0 };

export function toStatus(standing: Pick<Standing, 'state' | 'deletingFrom'>): Status {
  const { status } = lifecycle[standing.state];
  if (status !== 'as when deletion began') return status;
  const from = lifecycle[standing.deletingFrom ?? 'Stopped'];
  return from.whileDeleting ?? (from.status === 'as when deletion began' ? 'SHUTOFF' : from.status);
}

/** For clients of upstream Nova, which take the published word for something else. */
export function toUpstreamStatus(
  standing: Pick<Standing, 'state' | 'deletingFrom'>,
): Status | NonNullable<Row['upstreamStatus']> {
  return lifecycle[standing.state].upstreamStatus ?? toStatus(standing);
}

/**
 * For clients that wait for the end of a server only while they read ACTIVE or SHUTOFF, and take every other status for a
 * failure: what is being deleted shows one of the two, as the published table has both for Deleting.
 */
export function toStatusOfLeaving(standing: Pick<Standing, 'state' | 'deletingFrom'>): Status | null {
  if (standing.state !== 'Deleting') return null;
  return toStatus(standing) === 'ACTIVE' ? 'ACTIVE' : 'SHUTOFF';
}

export function toVmState(standing: Pick<Standing, 'state' | 'deletingFrom'>): VmState {
  const { vmState } = lifecycle[standing.state];
  if (vmState !== 'as when deletion began') return vmState;
  const from = lifecycle[standing.deletingFrom ?? 'Stopped'].vmState;
  return from === 'as when deletion began' ? 'stopped' : from;
}

export function toPowerState(standing: Standing): PowerState {
  const { powerState } = lifecycle[standing.state];
  if (powerState === 'as last read') return reading[standing.power];
  if (powerState !== 'as when deletion began') return powerState;
  const from = lifecycle[standing.deletingFrom ?? 'Stopped'].powerState;
  return typeof from === 'number' ? from : reading[standing.power];
}

export function toInstanceState(standing: Pick<Standing, 'state' | 'taskState'>): InstanceState {
  const { instance } = lifecycle[standing.state];
  if (typeof instance === 'string') return instance;
  const taskState = standing.taskState ?? firstTaskState(standing.state);
  return (taskState && instance[taskState]) ?? 'running';
}

export function isIntermediate(state: State): boolean {
  return lifecycle[state].attribute === 'intermediate';
}

export function canAccept(state: State, operation: Operation, door: Door): boolean {
  return lifecycle[state].accepts[door].includes(operation);
}

/** The states in which links to the serial console are given. */
export function statesOfferingConsole(): State[] {
  return states.filter((state) => lifecycle[state].console === 'offered');
}

/** The states in which a door accepts an operation; what a refusal names and what SQL guards. */
export function statesAccepting(operation: Operation, door: Door): State[] {
  return states.filter((state) => canAccept(state, operation, door));
}

/** The state that an operation passes through. */
export function stateOf(operation: Operation): State {
  return states.find((state) => lifecycle[state].by === operation)!;
}

/** Where a server rests whose machine was found so. */
export function stateAtRest(power: 'on' | 'off'): State {
  return states.find((state) => lifecycle[state].rests === power)!;
}

/** Whether the state says that something went wrong; the record then keeps what. */
export function isFailure(state: State): boolean {
  return lifecycle[state].instance === 'error';
}

/** What is still to be tried, the next one first. */
export function remediesLeft(state: State, tried: readonly string[]): Remedy[] {
  return (lifecycle[state].remedies ?? []).filter((remedy) => !tried.includes(remedy));
}

export function taskStatesOf(state: State): TaskState[] {
  return Object.keys(lifecycle[state].taskStates) as TaskState[];
}

/** The first task state of a state, which holds from the moment of acceptance. */
export function firstTaskState(state: State): TaskState | null {
  return taskStatesOf(state)[0] ?? null;
}

/** The task state that begins with a step; null when the step goes on under the one before. */
export function taskStateAt(state: State, step: StepName): TaskState | null {
  return taskStatesOf(state).find((taskState) => lifecycle[state].taskStates[taskState] === step) ?? null;
}

/** What shows a status: the states that do, and Deleting where deletion began in one that did. */
export function statesShowing(status: Status): { state: State; deletingFrom?: State[] }[] {
  const shows = states.filter((state) => lifecycle[state].status === status);
  const deletingFrom = states.filter(
    (state) => toStatus({ state: 'Deleting', deletingFrom: state }) === status,
  );
  const frozen = deletingFrom.length > 0 ? [{ state: 'Deleting' as const, deletingFrom }] : [];
  return [...shows.map((state) => ({ state })), ...frozen];
}

/** What shows a CloudDC state: a state, and with which task state where that matters. */
export function statesShowingInstance(
  instance: InstanceState,
): { state: State; taskState: TaskState | null }[] {
  const shows: { state: State; taskState: TaskState | null }[] = [];
  for (const state of states) {
    const shown = lifecycle[state].instance;
    if (shown === instance) shows.push({ state, taskState: null });
    if (typeof shown === 'string') continue;
    for (const taskState of taskStatesOf(state)) {
      if (shown[taskState] === instance) shows.push({ state, taskState });
    }
  }
  return shows;
}
