/** What ipmitool prints when something goes wrong, in the words of version 1.8.18 and 1.8.19, as our kinds of error. */
import { DriverError, type DriverErrorKind } from '../../core/ports.ts';
import type { Output } from './ipmitool.ts';

/** It ends every run that got no session, whatever the reason. */
const noSession = /Unable to establish (IPMI|LAN|RMCP)/;

/**
 * Status codes of RMCP+ and RAKP (IPMI 2.0, table 13-15) for which another cipher suite is the remedy. Some BMCs do not
 * refuse a suite but answer with another (pyghmi 1.6), which ipmitool does not take.
 */
const suiteRefused =
  /invalid authentication algorithm|invalid integrity algorithm|invalid confidentiality algorithm|no matching (cipher suite|authentication payload|integrity payload)|algorithm 0x\w+ is not what we requested/i;
/**
 * It answered what it is asked outside of sessions, and then nothing: ipmitool 1.8.19 gives up on opening the session
 * without a word, and complains of the next step only. Lost packets look the same, so that another suite does no harm.
 */
const silentAtOpening = /Set Session Privilege Level to \w+ failed\s*$/m;
const nobodyThere = /Get Auth Capabilities error/i;
/** The key that both sides derive from the password differs, or the BMC says that it does not know or let in the name. */
const loginRefused =
  /RAKP \d.*(HMAC|integrity check value) is invalid|RAKP 4 message has invalid integrity|unauthorized (name|role|GUID)|invalid role|inactive role|user level authentication/i;
/** It opened a session and fell silent when it heard the name. */
const silentAtLogin = /no response from RAKP 1/i;
const noResources = /insufficient resources/i;

/** Completion codes (IPMI 2.0, table 5-2) as ipmitool spells them. Those that are not here are a plain no. */
const completions: readonly { words: RegExp; kind: DriverErrorKind; retryAfterMs?: number }[] = [
  { words: /Node busy/, kind: 'busy', retryAfterMs: 5_000 },
  { words: /Timeout\b/, kind: 'busy', retryAfterMs: 5_000 },
  { words: /Out of space/, kind: 'busy', retryAfterMs: 10_000 },
  { words: /Reservation cancelled/, kind: 'busy', retryAfterMs: 1_000 },
  { words: /Command response could not be provided/, kind: 'busy', retryAfterMs: 5_000 },
  { words: /in update mode/, kind: 'busy', retryAfterMs: 60_000 },
  { words: /BMC initialization in progress/, kind: 'busy', retryAfterMs: 10_000 },
  { words: /not supported in present state/, kind: 'busy', retryAfterMs: 5_000 },
  { words: /Invalid command/, kind: 'unsupported' },
  { words: /command disabled/, kind: 'unsupported' },
  { words: /Insufficient privilege/, kind: 'rejected' },
];

/** IPMI 2.0, 6.12.15: a session that nobody uses ends after 60 s; until then its place may be missing. */
const sessionsFreeAfterMs = 15_000;

export function isSuiteRefused({ stderr }: Output): boolean {
  return noSession.test(stderr) && suiteRefused.test(stderr);
}

/** Whether it may have been asked for a suite that it does not know, and said nothing to it. */
export function isSuiteIgnored(output: Output): boolean {
  const { stderr } = output;
  const isSilent = noSession.test(stderr) && silentAtOpening.test(stderr) && !nobodyThere.test(stderr);
  return isSilent && !silentAtLogin.test(stderr) && !isLoginRefused(output);
}

export function isLoginRefused({ stderr }: Output): boolean {
  return noSession.test(stderr) && loginRefused.test(stderr);
}

/** Why no session came about or none was tried; null when there was one. */
export function sessionFailure(output: Output, program: string): DriverError | null {
  const { stderr, end } = output;
  if (end === 'no-program') {
    return new DriverError(
      'unsupported',
      `The program ${program} is not on this machine or may not be run (INGOT_IPMITOOL)`,
    );
  }
  if (end === 'deadline') return new DriverError('unreachable', 'The BMC did not answer over IPMI in time');
  if (/password is longer than|username is too long/.test(stderr)) {
    return new DriverError('denied', 'IPMI knows names of at most 16 and passwords of at most 20 bytes');
  }
  if (!noSession.test(stderr)) return null;
  if (isLoginRefused(output)) {
    const more = /\brole\b/i.test(stderr)
      ? ': the account has not the privilege that is asked for; privilege=operator in the address asks for less'
      : '';
    return new DriverError('denied', `The BMC refused the login over IPMI${more}`);
  }
  if (isSuiteRefused(output)) {
    return new DriverError('rejected', 'The BMC takes none of the cipher suites that were offered over IPMI');
  }
  if (noResources.test(stderr)) {
    const words = 'The BMC has no room for another IPMI session';
    return new DriverError('busy', words, { retryAfterMs: sessionsFreeAfterMs });
  }
  if (silentAtLogin.test(stderr)) {
    const words =
      'The BMC answers over IPMI but falls silent at the login, as some do that do not know the name';
    return new DriverError('unreachable', words);
  }
  if (isSuiteIgnored(output)) {
    const words =
      'The BMC answers over IPMI but lets no session begin, with none of the cipher suites offered';
    return new DriverError('unreachable', words);
  }
  return new DriverError('unreachable', 'The BMC does not answer over IPMI');
}

/** What `-v` tells of finding out about the BMC, before the first command. */
const preamble =
  /^(Loading IANA|Running Get (VSO|PICMG|HPM)|Invalid completion code received|Discovered (IPMB|PICMG|Target)|Get HPM\.x Capabilities)/;

/** The last thing that was complained about. */
function lastComplaint({ stderr }: Output): string {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !preamble.test(line));
  return (lines.at(-1) ?? 'no answer').slice(0, 200);
}

/** A command that did not do what it should, within a session. @param what it was: "power on" */
export function commandFailure(what: string, output: Output): DriverError {
  const complaint = lastComplaint(output);
  const found = completions.find(({ words }) => words.test(complaint));
  const message = `The BMC did not carry out ${what}: ${complaint}`;
  // ipmitool names no completion code when the answer never came.
  const isLost = /^(Unable to|No response|no answer)/.test(complaint) && !/failed|:/.test(complaint);
  if (!found) return new DriverError(isLost ? 'unreachable' : 'rejected', message);
  const { kind, retryAfterMs } = found;
  return new DriverError(kind, message, retryAfterMs === undefined ? {} : { retryAfterMs });
}
