/** Work that goes on while nobody waits for it, until the end does. */
export class Pending {
  readonly #promises = new Set<Promise<void>>();

  /** @param promise never rejects: nobody would hear of it */
  add(promise: Promise<void>): void {
    const kept = promise.finally(() => this.#promises.delete(kept));
    this.#promises.add(kept);
  }

  /** When all that was added before has ended. */
  async settled(): Promise<void> {
    await Promise.all(this.#promises);
  }
}
