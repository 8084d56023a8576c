/**
 * What a BMC was found to want, where that is not what is tried first: the winner of each ladder, under the ladder's
 * name. Both are words that an operator can read, for they are kept with the node and shown there.
 *
 * None of it has to be right: what is remembered is tried first, and when it fails the ladder is climbed again.
 */
import type { HabitNews, Node } from '../core/node.ts';

/** Told when something was learnt, to be kept with the node; not for each request. */
export type OnHabits = (node: Node, news: HabitNews) => void;

export class Habits {
  /** null: found to hold no longer, whatever is read elsewhere. */
  readonly #winners = new Map<string, string | null>();
  /** The firmware of the BMC, by node: nodes that share a BMC may have been inspected at different times. */
  readonly #firmware = new Map<string, string>();
  #news: HabitNews = {};

  /**
   * Takes over what is kept with the node and not known better here: another process may have learnt it, or this one
   * before it was started anew. With other firmware the BMC is a stranger.
   */
  meet({ id, inventory, bmcHabits }: Node): void {
    const firmware = inventory?.bmcVersion ?? null;
    if (firmware !== null) {
      if ((this.#firmware.get(id) ?? firmware) !== firmware) this.#winners.clear();
      this.#firmware.set(id, firmware);
    }
    for (const [name, winner] of Object.entries(bmcHabits ?? {})) {
      if (!this.#winners.has(name)) this.#winners.set(name, winner);
    }
  }

  /** null: nothing is known, so the ladder is climbed from its first rung. */
  winnerOf(ladder: string): string | null {
    return this.#winners.get(ladder) ?? null;
  }

  /** @param winner null: the first rung held, so there is nothing to remember */
  learn(ladder: string, winner: string | null): void {
    if (this.winnerOf(ladder) === winner) return;
    this.#winners.set(ladder, winner);
    this.#news[ladder] = winner;
  }

  /** What was learnt since this was asked last; null: nothing. */
  takeNews(): HabitNews | null {
    const news = this.#news;
    this.#news = {};
    return Object.keys(news).length === 0 ? null : news;
  }
}

/** The rungs in the order in which they are tried: the one that held last time comes first. */
export function bestFirst<T extends { name: string }>(rungs: readonly T[], winner: string | null): T[] {
  return rungs.toSorted((a, b) => Number(b.name === winner) - Number(a.name === winner));
}

/** What to remember of a ladder whose rungs stand in their own order. */
export function toWinner(rungs: readonly { name: string }[], held: { name: string }): string | null {
  return held.name === rungs[0]?.name ? null : held.name;
}
