/** The account that we are at a BMC (DSP2046 ManagerAccount). */
import { DriverError, type Acknowledgement } from '../../core/ports.ts';
import { isSuccess } from './answer.ts';
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
  for (const link of toLinks(accounts?.['Members'])) {
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
