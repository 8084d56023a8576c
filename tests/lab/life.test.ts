/** The first part of `npm run lab -- --test`. */
import { describe, it } from 'vitest';
import { tell, timeout } from './told.ts';

describe('two servers on machines with real firmware', { timeout }, () => {
  it('are installed, used, reinstalled and deleted, by IPMI and UEFI, and by Redfish and BIOS', (context) =>
    tell('life', context));
});
