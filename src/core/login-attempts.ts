/**
 * How many guesses at a secret are let through. They are counted by where they come from: whoever else reaches the port
 * cannot lock the owner of a secret out (docs/decisions/0063).
 */

export interface GuessLimit {
  /** Wrong ones from one origin within `windowSeconds`; with the last of them nothing from there is let in. */
  most: number;
  /** How long nothing is let in then; what is tried meanwhile does not make it longer. */
  lockSeconds: number;
  /**
   * Wrong ones from all origins together from which the right one has not come lately; with the last of them no origin
   * that is strange is let in. Null: there may be any number.
   */
  mostOfStrangers: number | null;
}

/** What is counted is forgotten so long after the first. */
export const windowSeconds = 15 * 60;
/** How long an origin is known from which the right secret came. */
export const knownDays = 30;

/** Of what an account of the clouds may choose: 3 to 10 within at least 15 minutes, locked for as many (iam_17_0005). */
export const secretGuesses: GuessLimit = { most: 5, lockSeconds: 15 * 60, mostOfStrangers: 50 };

/**
 * As the gateway documents it: more than five lock the key for five minutes. Secrets of keys are made by us and have 240
 * bits, so that strangers may guess as long as they like.
 */
export const signatureGuesses: GuessLimit = { most: 6, lockSeconds: 5 * 60, mostOfStrangers: null };

/** The machine that Ingot runs on; never strange. */
export const ownMachine = '127.0.0.1';

/** A secret that somebody tries: whose, and from where. */
export interface Attempt {
  /** The id of what the secret belongs to; empty where there is no such thing, which is counted likewise. */
  subject: string;
  origin: string;
}

export interface LoginAttempts {
  /** Whether a right secret is let in. Asked once it is known to be right or wrong, so that guesses at once are seen. */
  isOpen(attempt: Attempt, limit: GuessLimit): Promise<boolean>;
  /** After a wrong secret. */
  count(attempt: Attempt, limit: GuessLimit): Promise<void>;
  /** After a right one that was let in: its origin is known from then on, and its failures are forgiven. */
  welcome(attempt: Attempt): Promise<void>;
  /** Rows that say nothing any more. @returns how many there were */
  purge(): Promise<number>;
}
