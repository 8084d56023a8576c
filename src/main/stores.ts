/** The ports to the database, one for each subject. */
import { accessKeys } from '../store/access-keys.ts';
import { answeredRequests } from '../store/answered-requests.ts';
import { applicationCredentials } from '../store/application-credentials.ts';
import { audit } from '../store/audit.ts';
import { bootSessions } from '../store/boot-sessions.ts';
import { catalog } from '../store/catalog.ts';
import { census } from '../store/census.ts';
import { discoveries } from '../store/discoveries.ts';
import { groups } from '../store/groups.ts';
import { guests } from '../store/guests.ts';
import { history } from '../store/history.ts';
import { identityPolicies } from '../store/identity-policies.ts';
import { images } from '../store/images.ts';
import { inspections } from '../store/inspections.ts';
import { jobs } from '../store/jobs.ts';
import { logExports } from '../store/log-exports.ts';
import { loginAttempts } from '../store/login-attempts.ts';
import { networks } from '../store/networks.ts';
import { nics } from '../store/nics.ts';
import { nodeSizes } from '../store/node-sizes.ts';
import { nodes } from '../store/nodes.ts';
import { observations } from '../store/observations.ts';
import { orders } from '../store/orders.ts';
import { passwordChanges } from '../store/password-changes.ts';
import { resourceTags } from '../store/resource-tags.ts';
import { securityGroups } from '../store/security-groups.ts';
import { consoleLinks, consoleLogs } from '../store/serial-consoles.ts';
import { serverGroups } from '../store/server-groups.ts';
import { servers } from '../store/servers.ts';
import { faults } from '../store/simulation.ts';
import { site } from '../store/site.ts';
import { tenancy as openTenancy } from '../store/tenancy.ts';
import { usages } from '../store/usages.ts';
import { volumes } from '../store/volumes.ts';
import { createWork } from '../store/work.ts';
import type { Databases } from './databases.ts';

export type Stores = ReturnType<typeof openStores>;

export function openStores({ database, engineDatabase, vault }: Databases) {
  const { sql } = database;
  const tenancy = openTenancy(database);
  const onChange = () => tenancy.tellChange();
  return {
    work: createWork({ ...engineDatabase, listen: database.listen }, vault, sql),
    tenancy,
    accessKeys: accessKeys(sql, vault),
    answeredRequests: answeredRequests(sql, vault),
    applicationCredentials: applicationCredentials(sql, onChange),
    audit: audit(sql),
    bootSessions: bootSessions(sql),
    catalog: catalog(sql),
    census: census(sql),
    consoleLinks: consoleLinks(sql),
    consoleLogs: consoleLogs(sql),
    discoveries: discoveries(sql),
    faults: faults(sql),
    groups: groups(sql, onChange),
    guests: guests(sql, tenancy),
    history: history(database),
    images: images(sql),
    inspections: inspections(sql, vault),
    jobs: jobs(sql),
    logExports: logExports(sql),
    loginAttempts: loginAttempts(sql),
    networks: networks(sql),
    nics: nics(sql),
    nodes: nodes(sql, vault),
    nodeSizes: nodeSizes(sql),
    observations: observations(sql),
    orders: orders(sql),
    passwordChanges: passwordChanges(sql, vault),
    policies: identityPolicies(sql, onChange),
    resourceTags: resourceTags(sql),
    securityGroups: securityGroups(sql),
    serverGroups: serverGroups(sql),
    servers: servers(sql),
    site: site(sql),
    usages: usages(sql),
    volumes: volumes(sql),
  };
}
