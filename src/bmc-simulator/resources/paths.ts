/** Where things stand in the tree of one BMC. */
import type { BmcSettings } from '../settings.ts';

export const root = '/redfish/v1';
export const sessionService = `${root}/SessionService`;
export const sessionsPath = `${sessionService}/Sessions`;
export const accountService = `${root}/AccountService`;
export const accountPath = `${accountService}/Accounts/1`;
export const taskService = `${root}/TaskService`;
export const updateService = `${root}/UpdateService`;

export interface Paths {
  system: string;
  settings: string;
  reset: string;
  manager: string;
  managerReset: string;
  chassis: string;
  /** The collection. */
  media: string;
  log: string;
}

export function toPaths(settings: BmcSettings): Paths {
  const system = `${root}/Systems/${settings.systemId}`;
  const manager = `${root}/Managers/${settings.managerId}`;
  return {
    system,
    settings: `${system}/Settings`,
    reset: `${system}/Actions/ComputerSystem.Reset`,
    manager,
    managerReset: `${manager}/Actions/Manager.Reset`,
    chassis: `${root}/Chassis/${settings.chassisId}`,
    media: `${settings.mediaIn === 'system' ? system : manager}/VirtualMedia`,
    log: `${manager}/LogServices/SEL`,
  };
}
