/** Whether a Redfish service is at an address. Its root is open to all (DSP0266 "Service root request"). */
import { Agent, request } from 'undici';
import type { FindBmc } from '../../core/bmc-scan.ts';
import { toRecord, toText } from './fields.ts';

const schemes = ['https', 'http'] as const;
const largestRootBytes = 256 << 10;

/** HTTPS first: most BMCs redirect or refuse plain HTTP. The certificate is not judged; nothing secret is sent. */
export const findRedfishBmc: FindBmc = async (host, port, timeoutMs) => {
  const dispatcher = new Agent({
    connect: { rejectUnauthorized: false, timeout: timeoutMs },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    maxResponseSize: largestRootBytes,
  });
  try {
    for (const scheme of schemes) {
      const address = toAddress(scheme, host, port);
      const root = await readRoot(address, dispatcher);
      if (root === 'refused') return null;
      if (root === null) continue;
      const product = toText(root['Product']);
      const vendor = toText(root['Vendor']) ?? Object.keys(toRecord(root['Oem']))[0] ?? null;
      return { driver: 'redfish', address, vendor, product, uuid: toText(root['UUID']) };
    }
    return null;
  } finally {
    await dispatcher.destroy();
  }
};

/** The port of the scheme is not named, so that an address is written the same way by everybody. */
function toAddress(scheme: 'http' | 'https', host: string, port: number): string {
  return new URL(`${scheme}://${host}:${port}`).origin;
}

/** `refused`: nobody listens, so that the other scheme need not be tried. */
async function readRoot(address: string, dispatcher: Agent) {
  try {
    const answer = await request(`${address}/redfish/v1/`, {
      dispatcher,
      headers: { accept: 'application/json', 'odata-version': '4.0' },
    });
    const body = toRecord(await answer.body.json());
    return answer.statusCode === 200 && toText(body['RedfishVersion']) !== null ? body : null;
  } catch (error) {
    const { code } = toRecord(error);
    const isNobody = ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'];
    return isNobody.includes(toText(code) ?? '') ? 'refused' : null;
  }
}
