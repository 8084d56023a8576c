/** The account that we are at a BMC (IPMI 2.0 §22.26 to §22.30, user access). */
import { DriverError, type Acknowledgement } from '../../core/ports.ts';
import { commandFailure } from './answer.ts';
import type { Ask } from './bmc.ts';

/** IPMI 1.5 carries 16 bytes of a password, 2.0 up to 20; a BMC must be told which of the two is meant (§22.30). */
const shortPassword = 16;

/** @param password without quotes, backslashes and #, which ipmitool would read as its own (1.8.19, exec) */
export async function setPassword(ask: Ask, username: string, password: string): Promise<Acknowledgement> {
  const list = await ask(['user list'], 'reading');
  const id = findUser(list.stdout, username);
  if (id === null) {
    throw new DriverError(
      'unsupported',
      `The BMC shows no user named ${username} whose password could be set`,
    );
  }
  const size = password.length > shortPassword ? 20 : shortPassword;
  const output = await ask([`user set password ${id} "${password}" ${size}`], 'acting');
  if (output.code !== 0) throw commandFailure('the new password', { ...output, stdout: '' });
  return { evidence: 'IPMI took the new password', lookInMs: 0 };
}

/** Columns: ID, name, and what the user may do. */
function findUser(list: string, username: string): number | null {
  for (const line of list.split('\n')) {
    const [, id, name] = /^(\d+)\s+(\S+)\s/.exec(line) ?? [];
    if (name === username) return Number(id);
  }
  return null;
}
