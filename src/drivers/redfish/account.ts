/** The account that we are at a BMC (DSP2046 ManagerAccount). */
import { DriverError, type Acknowledgement } from '../../core/ports.ts';
import { isSuccess, passwordChange, pathOf } from './answer.ts';
import type { Client } from './bmc.ts';
import { patch } from './etag.ts';
import { toLink, toLinks, toText } from './fields.ts';

/** @throws DriverError `unsupported` when the BMC shows no account of that name */
export async function setPassword(
  client: Client,
  username: string,
  password: string,
): Promise<Acknowledgement> {
  const root = await client.root();
  const service = await client.find(toLink(root['AccountService']) ?? '/redfish/v1/AccountService');
  const accounts = await client.find(toLink(service?.['Accounts']));
  const links = toLinks(accounts?.['Members']);
  for (const link of links.length > 0 ? links : await findOwn(client)) {
    const account = await client.send({ method: 'GET', path: link });
    if (!isSuccess(account) || toText(account.body['UserName']) !== username) continue;
    const answer = await patch(client, account, { Password: password });
    if (isSuccess(answer)) return { evidence: 'The BMC took the new password', lookInMs: 0 };
    throw client.toError(answer);
  }
  throw new DriverError(
    'unsupported',
    `The BMC shows no account named ${username} whose password could be set`,
  );
}

/** While a password must be changed first, nothing is shown but the account that the refusal names (DSP0266). */
async function findOwn(client: Client): Promise<string[]> {
  const answer = await client.send({ method: 'GET', path: '/redfish/v1/AccountService' });
  const path = pathOf(answer, passwordChange);
  return path === null ? [] : [path];
}
