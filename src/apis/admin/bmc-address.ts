import { invalid } from '../../core/errors.ts';
import { longestIpmiName, longestIpmiPassword, parseIpmiAddress } from '../../core/ipmi-address.ts';
import type { BmcAddress, DriverName } from '../../core/node.ts';

/**
 * No message repeats anything of a BMC: what was mistyped may be a password.
 * @param bmc as the caller gives it; at enrolment the address must be there
 */
export function checkBmc(
  name: string,
  driver: DriverName,
  bmc: Partial<Pick<BmcAddress, 'address' | 'username' | 'password'>>,
): void {
  if (driver === 'ipmi') return checkIpmi(name, bmc);
  const { address } = bmc;
  const url = address !== undefined && URL.canParse(address) ? new URL(address) : null;
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    const message = `${name}: the address of a Redfish BMC is http(s)://host, without a user in it.`;
    throw invalid(message, 'bmc.address');
  }
}

function checkIpmi(name: string, { address, username, password }: Parameters<typeof checkBmc>[2]): void {
  if (address === undefined || !parseIpmiAddress(address)) {
    const message = `${name}: the address of an IPMI BMC is host or host:port, with ?cipher=3 or ?privilege=operator behind it where that is needed.`;
    throw invalid(message, 'bmc.address');
  }
  if (Buffer.byteLength(username ?? '') > longestIpmiName) {
    throw invalid(`${name}: a user name of IPMI has at most ${longestIpmiName} bytes.`, 'bmc.username');
  }
  if (Buffer.byteLength(password ?? '') > longestIpmiPassword) {
    throw invalid(`${name}: a password of IPMI has at most ${longestIpmiPassword} bytes.`, 'bmc.password');
  }
}
