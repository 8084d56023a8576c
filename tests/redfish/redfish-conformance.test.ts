/** Redfish BMCs in single variations; the habits of vendors are in `personalities.test.ts`. */
import { makeCertificate } from '../../src/bmc-simulator/certificate.ts';
import type { RedfishServerOptions } from '../../src/bmc-simulator/redfish-server.ts';
import { conformance } from '../../src/drivers/conformance.ts';
import { makeSubject } from './subject.ts';

const certificate = makeCertificate();

const variants: Record<string, RedfishServerOptions> = {
  'Redfish (sessions)': {},
  'Redfish (HTTPS, self-signed)': { tls: certificate },
  'Redfish (slow)': { latencyMs: 5 },
  'Redfish (reset answered 204 when the state is reached)': { alreadyThere: 204 },
};

for (const [name, options] of Object.entries(variants)) conformance(name, () => makeSubject(options));
