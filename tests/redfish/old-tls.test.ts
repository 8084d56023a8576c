/** BMCs that speak nothing newer than TLS 1.1. */
import { expect, it } from 'vitest';
import { makeCertificate } from '../../src/bmc-simulator/certificate.ts';
import { startRedfishServer } from '../../src/bmc-simulator/redfish-server.ts';
import { failureOf, makeDriver, makeNode, purpose } from './node.ts';

const { key, cert, sha256 } = makeCertificate();
const tls = {
  key,
  cert,
  minVersion: 'TLSv1',
  maxVersion: 'TLSv1.1',
  ciphers: 'DEFAULT:@SECLEVEL=0',
} as const;

it('are named as such, and the setting that would allow them', async () => {
  await using server = await startRedfishServer({ tls });
  await using driver = makeDriver();
  const failure = await failureOf(driver.readPower(makeNode(server.url), purpose));
  expect(failure).toMatchObject({ kind: 'unreachable' });
  expect(failure.message).toMatch(/older TLS .*INGOT_BMC_TLS=1\.0/);
});

it('are spoken with where that is set, and their certificate is pinned all the same', async () => {
  await using server = await startRedfishServer({ tls });
  const pins: string[] = [];
  await using driver = makeDriver({ oldestTls: '1.0', onCertificate: (_, pin) => pins.push(pin) });
  expect(await driver.readPower(makeNode(server.url), purpose)).toMatchObject({ power: 'off' });
  expect(pins).toEqual([sha256]);
  const other = makeNode(server.url, { certificateSha256: '0'.repeat(64) });
  expect(await failureOf(driver.readPower(other, purpose))).toMatchObject({ kind: 'denied' });
});
