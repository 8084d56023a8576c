/** Our own wishes to cloud-init, as vendor data: the tenant's user data overrides them. */
import { stringify } from 'yaml';
import { toCryptHash } from './crypt-hash.ts';
import type { SystemData } from './system-data.ts';

/**
 * The system reports when it is up (module phone_home), and root gets the password that was asked for (BMS `adminPass`).
 */
export function toVendorData({ homeUrl, adminPasswordHash }: SystemData): string {
  const crypt = adminPasswordHash === null ? null : toCryptHash(adminPasswordHash);
  const wishes = {
    ...(homeUrl === null
      ? {}
      : { phone_home: { url: homeUrl, post: ['instance_id', 'hostname', 'fqdn'], tries: 10 } }),
    ...(crypt === null
      ? {}
      : {
          disable_root: false,
          ssh_pwauth: true,
          chpasswd: { expire: false, users: [{ name: 'root', password: crypt, type: 'hash' }] },
        }),
  };
  return `#cloud-config\n${stringify(wishes)}`;
}
