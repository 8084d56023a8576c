/** The root and the services that every BMC has. */
import type { Json } from '../reply.ts';
import {
  accountPath,
  accountService,
  root,
  sessionService,
  sessionsPath,
  taskService,
  updateService,
} from './paths.ts';
import { fine, link, type Draft, type View } from './draft.ts';

export function addServices(draft: Draft): void {
  const { settings } = draft;
  draft.add(root, 'ServiceRoot.v1_15_0.ServiceRoot', toRoot);
  if (settings.authentication === 'sessions') addSessions(draft);
  addAccounts(draft);
  addTasks(draft);
  addFirmware(draft);
}

function toRoot({ settings, machine, isKnown }: View): Json {
  const hasSessions = settings.authentication === 'sessions';
  const showsService = hasSessions && (settings.sessionService === 'shown' || isKnown);
  const hasLinks = !settings.missing.includes('root-links');
  return {
    Id: 'RootService',
    Name: 'Root Service',
    RedfishVersion: '1.15.0',
    UUID: machine.facts.uuid,
    Vendor: settings.vendor,
    Product: settings.product,
    ...(settings.oem ? { Oem: { [settings.oem]: {} } } : {}),
    ...(hasLinks
      ? {
          Systems: link(`${root}/Systems`),
          Chassis: link(`${root}/Chassis`),
          Managers: link(`${root}/Managers`),
        }
      : {}),
    ...(showsService ? { SessionService: link(sessionService) } : {}),
    AccountService: link(accountService),
    Tasks: link(taskService),
    UpdateService: link(updateService),
    ProtocolFeaturesSupported: { FilterQuery: false, SelectQuery: false, ExcerptQuery: false },
    Links: hasSessions ? { Sessions: link(sessionsPath) } : {},
  };
}

function addSessions(draft: Draft): void {
  draft.add(sessionService, 'SessionService.v1_1_9.SessionService', ({ settings }) => ({
    Name: 'Session Service',
    ServiceEnabled: true,
    SessionTimeout: Math.min(Math.max(Math.round(settings.sessionIdleMs / 1000), 30), 86_400),
    Status: fine,
    Sessions: link(sessionsPath),
  }));
  draft.addCollection(sessionsPath, 'Session', ({ sessions }) =>
    sessions.list().map(({ id }) => `${sessionsPath}/${id}`),
  );
}

/** A session as a resource; not part of the table, since sessions come and go. */
export function toSession(id: string, username: string): Json {
  return {
    '@odata.id': `${sessionsPath}/${id}`,
    '@odata.type': '#Session.v1_7_1.Session',
    Id: id,
    Name: `Session ${id}`,
    UserName: username,
    Password: null,
  };
}

function addAccounts(draft: Draft): void {
  const roles = ['Administrator', 'Operator', 'ReadOnly'];
  const rolesPath = `${accountService}/Roles`;
  draft.add(accountService, 'AccountService.v1_15_0.AccountService', ({ settings }) => ({
    Name: 'Account Service',
    ServiceEnabled: true,
    AccountLockoutThreshold: settings.lockAfter,
    AccountLockoutDuration: Math.round(settings.lockMs / 1000),
    MinPasswordLength: 8,
    Accounts: link(`${accountService}/Accounts`),
    Roles: link(rolesPath),
  }));
  draft.addCollection(`${accountService}/Accounts`, 'ManagerAccount', [accountPath]);
  draft.add(accountPath, 'ManagerAccount.v1_12_0.ManagerAccount', ({ settings, username }) => ({
    UserName: username,
    Password: null,
    Enabled: true,
    Locked: false,
    AccountTypes: ['Redfish'],
    RoleId: 'Administrator',
    PasswordChangeRequired: settings.mustChangePassword,
    Links: { Role: link(`${rolesPath}/Administrator`) },
  }));
  draft.addCollection(
    rolesPath,
    'Role',
    roles.map((role) => `${rolesPath}/${role}`),
  );
  for (const role of roles) {
    draft.add(`${rolesPath}/${role}`, 'Role.v1_3_1.Role', {
      RoleId: role,
      IsPredefined: true,
      AssignedPrivileges:
        role === 'Administrator'
          ? ['Login', 'ConfigureManager', 'ConfigureUsers', 'ConfigureSelf', 'ConfigureComponents']
          : ['Login', 'ConfigureSelf', ...(role === 'Operator' ? ['ConfigureComponents'] : [])],
    });
  }
}

function addTasks(draft: Draft): void {
  draft.add(taskService, 'TaskService.v1_2_0.TaskService', {
    Name: 'Task Service',
    ServiceEnabled: true,
    CompletedTaskOverWritePolicy: 'Oldest',
    LifeCycleEventOnTaskStateChange: false,
    Status: fine,
    Tasks: link(`${taskService}/Tasks`),
  });
  draft.addCollection(`${taskService}/Tasks`, 'Task', []);
}

function addFirmware(draft: Draft): void {
  const inventory = `${updateService}/FirmwareInventory`;
  draft.add(updateService, 'UpdateService.v1_14_0.UpdateService', {
    Name: 'Update Service',
    ServiceEnabled: true,
    Status: fine,
    FirmwareInventory: link(inventory),
  });
  draft.addCollection(inventory, 'SoftwareInventory', [`${inventory}/BIOS`, `${inventory}/BMC`]);
  const software = 'SoftwareInventory.v1_10_0.SoftwareInventory';
  draft.add(`${inventory}/BIOS`, software, ({ machine }) => ({
    Name: 'BIOS',
    Manufacturer: machine.facts.manufacturer,
    Version: machine.facts.biosVersion,
    Updateable: false,
    Status: fine,
  }));
  draft.add(`${inventory}/BMC`, software, ({ machine, settings }) => ({
    Name: 'BMC',
    Manufacturer: machine.facts.manufacturer,
    Version: settings.bmcVersion,
    Updateable: false,
    Status: fine,
  }));
}
