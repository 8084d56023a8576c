/** The driver against every personality, on the wire. */
import { personalityNames, toSettings } from '../../src/bmc-simulator/personalities.ts';
import { inTime } from '../../src/bmc-simulator/settings.ts';
import { conformance } from '../../src/drivers/conformance.ts';
import { faster, makeSubject } from './subject.ts';

for (const name of personalityNames) {
  const settings = inTime(toSettings(name), faster);
  conformance(`Redfish, personality ${name},`, () => makeSubject({ ...settings, seed: 7 }));
}
