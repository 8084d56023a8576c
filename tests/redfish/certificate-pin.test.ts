import { describe, expect, it } from 'vitest';
import { makeCertificate } from '../../src/bmc-simulator/certificate.ts';
import { failureOf, makeDriver, makeNode, purpose } from './node.ts';
import { startRedfishServer } from '../../src/bmc-simulator/redfish-server.ts';

const first = makeCertificate();
const second = makeCertificate();

describe('the certificate of a BMC', () => {
  it('is told once when it is met, to be stored', async () => {
    await using server = await startRedfishServer({ tls: first });
    const met: string[] = [];
    await using driver = makeDriver({ onCertificate: (node, sha256) => met.push(`${node.name} ${sha256}`) });
    await driver.readPower(makeNode(server.url), purpose);
    await driver.readPower(makeNode(server.url), purpose);
    expect(met).toEqual([`node-1 ${first.sha256}`]);
  });

  it('is accepted when it is the pinned one, however it is spelled', async () => {
    await using server = await startRedfishServer({ tls: first });
    await using driver = makeDriver();
    const spelled = first.sha256.toUpperCase().replaceAll(/(..)(?=.)/g, '$1:');
    for (const certificateSha256 of [first.sha256, spelled]) {
      const node = makeNode(server.url, { certificateSha256 });
      await expect(driver.readPower(node, purpose)).resolves.toMatchObject({ power: 'off' });
    }
  });

  it('is refused when it is another than the pinned one, and nothing is sent', async () => {
    await using server = await startRedfishServer({ tls: second });
    await using driver = makeDriver();
    const node = makeNode(server.url, { certificateSha256: first.sha256 });
    const error = await failureOf(driver.readPower(node, purpose));
    expect(error).toMatchObject({ kind: 'denied' });
    expect(error.message).toContain(second.sha256);
    expect(server.requests).toEqual([]);
  });

  it('is refused when it changed since the first contact, until the pin is changed', async () => {
    const old = await startRedfishServer({ tls: first });
    await using driver = makeDriver();
    await driver.readPower(makeNode(old.url, { certificateSha256: null }), purpose);
    await old.close();

    await using server = await startRedfishServer({ tls: second, port: old.port });
    const pinned = makeNode(old.url, { certificateSha256: first.sha256 });
    expect(await failureOf(driver.readPower(pinned, purpose))).toMatchObject({ kind: 'denied' });
    expect(server.requests).toEqual([]);

    const cleared = makeNode(old.url, { certificateSha256: null });
    await expect(driver.readPower(cleared, purpose)).resolves.toMatchObject({ power: 'off' });
  });
});
