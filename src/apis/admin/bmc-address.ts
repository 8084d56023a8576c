import { invalid } from '../../core/errors.ts';

/** No message repeats anything of a BMC: what was mistyped may be a password. */
export function checkAddress(name: string, address: string | undefined): void {
  const url = address !== undefined && URL.canParse(address) ? new URL(address) : null;
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    const message = `${name}: the address of a Redfish BMC is http(s)://host, without a user in it.`;
    throw invalid(message, 'bmc.address');
  }
}
