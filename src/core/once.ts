/**
 * Requests that may be sent again, as a client does that got no answer: the answer to the first is the answer to all,
 * and nothing is done twice. The answer is committed together with what it tells of.
 */

/** How a request says that it is the same as another. */
export interface RequestKey {
  key: string;
  /** Of what is asked; the same key with another one is a mistake of the caller. */
  fingerprint: string;
}

export interface AnsweredRequest extends RequestKey {
  answer: unknown;
}

/** Thrown when a request turns out to be answered already; nothing was written. */
export class AnsweredBefore extends Error {
  override readonly name = 'AnsweredBefore';
}

export interface AnsweredRequests {
  /** Undefined when it is new; throws conflict when the key was used for another request. */
  findAnswer(projectId: string, request: RequestKey): Promise<unknown>;
}
