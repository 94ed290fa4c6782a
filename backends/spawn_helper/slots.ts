/**
 * So many at a time.
 * @module
 */

/** Hands out a number of slots, in the order they were asked for. */
export class Slots {
  #free: number;
  readonly #queue: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** Settles when there is one; `undefined` when there is one already. Give it back by `release`. */
  take(): Promise<void> | undefined {
    if (this.#free > 0) return void this.#free--;
    return new Promise((resolve) => this.#queue.push(resolve));
  }

  release(): void {
    const next = this.#queue.shift();
    if (next) next();
    else this.#free++;
  }
}
