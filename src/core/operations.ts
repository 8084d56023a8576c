/**
 * What a caller may ask of a server. The lifecycle table says which state accepts it, which one it passes through and
 * where it ends; the engine runs its steps (see `engine/steps`).
 */

export const operations = [
  'create',
  'start',
  'stop',
  'restart',
  'force-restart',
  'reinstall-os',
  'rebuild',
  'delete',
] as const;

export type Operation = (typeof operations)[number];

/**
 * The parts of an operation, in order; each safe to repeat. What each does stands in `engine/steps`. A server that has
 * its machine and its ports keeps them at `place` and `network`; one whose creation failed gets them there.
 */
export type StepName =
  'place' | 'network' | 'power-off' | 'deploy' | 'power-on' | 'first-boot' | 'wipe' | 'release';

interface Kind {
  /** Its word in messages ("not allow to %s"). */
  verb: string;
  steps: readonly StepName[];
  /** CloudDC `operation_state` begins with it; power operations leave that field alone. */
  provisioning?: 'install' | 'reinstall' | 'uninstall';
  /** `action` of a Nova instance action. */
  novaAction: string;
  /** Name of the call in the audit trail (Cloud Trace). */
  auditName: string;
}

export const operationKinds: Readonly<Record<Operation, Kind>> = {
  create: {
    verb: 'create',
    steps: ['place', 'network', 'deploy', 'power-on', 'first-boot'],
    provisioning: 'install',
    novaAction: 'create',
    auditName: 'createBareMetalServers',
  },
  start: {
    verb: 'start',
    steps: ['power-on'],
    novaAction: 'start',
    auditName: 'startBareMetalServers',
  },
  stop: {
    verb: 'stop',
    steps: ['power-off'],
    novaAction: 'stop',
    auditName: 'stopBareMetalServers',
  },
  restart: {
    verb: 'reboot',
    steps: ['power-off', 'power-on'],
    novaAction: 'reboot',
    auditName: 'rebootBareMetalServers',
  },
  'force-restart': {
    verb: 'reboot',
    steps: ['power-off', 'power-on'],
    novaAction: 'reboot',
    auditName: 'rebootBareMetalServers',
  },
  'reinstall-os': {
    verb: 'reinstall',
    steps: ['place', 'network', 'power-off', 'deploy', 'power-on', 'first-boot'],
    provisioning: 'reinstall',
    novaAction: 'rebuild',
    auditName: 'reinstallBareMetalServerOs',
  },
  rebuild: {
    verb: 'rebuild',
    steps: ['place', 'network', 'power-off', 'deploy', 'power-on', 'first-boot'],
    provisioning: 'reinstall',
    novaAction: 'rebuild',
    auditName: 'rebuildBareMetalServer',
  },
  delete: {
    verb: 'delete',
    steps: ['power-off', 'wipe', 'release'],
    provisioning: 'uninstall',
    novaAction: 'delete',
    auditName: 'deleteBareMetalServers',
  },
};

/** Those that put a system on the machine. */
export const deploying = operations.filter((operation) => operationKinds[operation].steps.includes('deploy'));
