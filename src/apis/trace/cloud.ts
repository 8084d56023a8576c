/** What the handlers of this API work with. */
import type { Audit } from '../../core/audit.ts';

export interface Cloud {
  audit: Pick<Audit, 'list'>;
  now: () => number;
}
