/** Whether a Redfish service is at an address. Its root is open to all (DSP0266 "Service root request"). */
import type { FindBmc } from '../../core/bmc-scan.ts';
import { nobodyWatches } from '../../core/bmc-traffic.ts';
import { Habits } from '../habits.ts';
import { Connection } from './connection.ts';
import { toRecord, toText } from './fields.ts';

const schemes = ['https', 'http'] as const;
const largestRootBytes = 256 << 10;

/**
 * HTTPS first: most BMCs redirect or refuse plain HTTP. The certificate is not judged and any TLS will do, since nothing
 * secret is sent. Spoken to as the driver does, for some compress whatever is asked (OpenBMC), refuse to send a body as
 * it is, or redirect (HPE iLO).
 */
export const findRedfishBmc: FindBmc = async (host, port, timeoutMs) => {
  for (const scheme of schemes) {
    const address = toAddress(scheme, host, port);
    const root = await readRoot(address, timeoutMs);
    if (root === 'refused') return null;
    if (root === null) continue;
    const product = toText(root['Product']);
    const vendor = toText(root['Vendor']) ?? Object.keys(toRecord(root['Oem']))[0] ?? null;
    return { driver: 'redfish', address, vendor, product, uuid: toText(root['UUID']) };
  }
  return null;
};

/** The port of the scheme is not named, so that an address is written the same way by everybody. */
function toAddress(scheme: 'http' | 'https', host: string, port: number): string {
  return new URL(`${scheme}://${host}:${port}`).origin;
}

/** `refused`: nobody listens, so that the other scheme need not be tried. */
async function readRoot(address: string, timeoutMs: number) {
  const options = {
    connectTimeoutMs: timeoutMs,
    answerTimeoutMs: timeoutMs,
    connections: 1,
    largestAnswerBytes: largestRootBytes,
    oldestTls: '1.0' as const,
    driver: 'redfish',
    watch: nobodyWatches,
  };
  const connection = new Connection(address, null, options, new Habits());
  try {
    const { statusCode, body } = await connection.send({ method: 'GET', path: '/redfish/v1/' });
    return statusCode === 200 && toText(body['RedfishVersion']) !== null ? body : null;
  } catch (error) {
    const code = toText(toRecord(toRecord(error)['cause'])['code']) ?? '';
    const isNobody = ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'];
    return isNobody.includes(code) ? 'refused' : null;
  } finally {
    await connection.close();
  }
}
