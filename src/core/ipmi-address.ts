/**
 * Where a BMC listens for IPMI, and what it needs to be spoken to: `10.0.0.7`, `10.0.0.7:623`, `[fd00::7]:623`, with
 * `?cipher=3` where the cipher suite cannot be found out and `&privilege=operator` where the account is no administrator.
 */
const ipmiPrivileges = ['user', 'operator', 'administrator'] as const;
export type IpmiPrivilege = (typeof ipmiPrivileges)[number];

export interface IpmiAddress {
  host: string;
  port: number;
  /** IPMI 2.0, table 22-20: the id of the suite; null: the driver finds out. */
  cipher: number | null;
  privilege: IpmiPrivilege;
}

/** IPMI 2.0, 13.1.2: RMCP's primary port. */
const rmcpPort = 623;
/** IPMI 2.0, 22.28 and 22.30: what BMCs keep of a name and of a password, in bytes. */
export const longestIpmiName = 16;
export const longestIpmiPassword = 20;

const hostAndPort = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?::(\d{1,5}))?$/;

/** Null when it is no such address. */
export function parseIpmiAddress(text: string): IpmiAddress | null {
  const [place = '', query = '', ...rest] = text.split('?');
  const found = hostAndPort.exec(place);
  if (!found || rest.length > 0) return null;
  const port = found[2] === undefined ? rmcpPort : Number(found[2]);
  if (port < 1 || port > 65_535) return null;
  const address: IpmiAddress = {
    host: found[1]!.replace(/^\[|\]$/g, ''),
    port,
    cipher: null,
    privilege: 'administrator',
  };
  for (const [name, value] of new URLSearchParams(query)) {
    const privilege = ipmiPrivileges.find((word) => word === value.toLowerCase());
    if (name === 'cipher' && /^\d{1,2}$/.test(value) && Number(value) <= 17) address.cipher = Number(value);
    else if (name === 'privilege' && privilege) address.privilege = privilege;
    else return null;
  }
  return address;
}
