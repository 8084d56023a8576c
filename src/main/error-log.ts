/** Errors as the log has them: one that comes again and again fills no disk. */
import type { Logger } from 'pino';

export type LogError = (error: unknown, message: string) => void;

const onceInMs = 60_000;
/** Kinds of error that are remembered; more than a program has. */
const mostRemembered = 200;

/**
 * Tells an error at once, and the same one again after a minute, with how often it was `left_out` meanwhile. A database
 * that is away is met by every round of every process each second.
 */
export function createErrorLog(logger: Pick<Logger, 'error'>, now: () => number = Date.now): LogError {
  const told = new Map<string, { at: number; leftOut: number }>();
  return (error, message) => {
    const kind = `${message}\n${error instanceof Error ? error.message : String(error)}`;
    const before = told.get(kind);
    if (before && now() - before.at < onceInMs) {
      before.leftOut += 1;
      return;
    }
    logger.error({ err: error, ...(before?.leftOut ? { left_out: before.leftOut } : {}) }, message);
    told.delete(kind);
    told.set(kind, { at: now(), leftOut: 0 });
    if (told.size > mostRemembered) told.delete(told.keys().next().value!);
  };
}
