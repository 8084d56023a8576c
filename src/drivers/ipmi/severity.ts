/** How bad an event of a discrete sensor is, by the words that ipmitool gives it (IPMI 2.0, tables 42-2 and 42-3). */
import type { Health } from '../../core/node.ts';

const critical =
  /non-recoverable|(?<!non-)critical|failure detected|uncorrectable|drive fault|in failed array|thermal trip|\bIERR\b|AC lost|power supply ac lost|fatal|fault status|rebuild aborted|redundancy lost|insufficient resources|internal error|hard reset failed|failure status asserted/i;
const warning =
  /non-critical|predictive failure|correctable|degraded|throttled|logging (disabled|limit)|almost full|log full|intrusion|configuration error|chassis intrusion|redundancy degraded/i;

export function severityOf(words: string): Health {
  if (critical.test(words.replace(/non-critical/gi, ''))) return 'Critical';
  return warning.test(words) ? 'Warning' : 'OK';
}
