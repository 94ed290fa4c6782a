/**
 * Time that passes only when a test says so.
 */
import { setImmediate } from "node:timers/promises";
import type { Clock } from "../../src/clock.ts";

/** A timer that has not fired. */
interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

/** More timers in one `advance` than any test needs: a rule that arms zero after zero would never come back. */
const MOST_TIMERS = 100_000;

/**
 * Lets everything happen that waits for nothing but promises. Nothing here needs a runtime's timer or a system call,
 * so one turn of the event loop is the end of it, however busy the machine is.
 */
export async function settle(): Promise<void> {
  await setImmediate();
}

/** A clock a test turns by hand. */
export class ManualClock implements Clock {
  readonly #timers = new Map<number, Timer>();
  #now = 1_000_000;
  #last = 0;

  now(): number {
    return this.#now;
  }

  setTimeout(callback: () => void, ms: number): unknown {
    if (!(ms >= 0 && ms < 2 ** 31)) {
      throw new RangeError(`A runtime takes a timer of ${ms} ms for a short one.`);
    }
    this.#timers.set(++this.#last, { due: this.#now + ms, callback });
    return this.#last;
  }

  clearTimeout(handle: unknown): void {
    this.#timers.delete(handle as number);
  }

  /** How many timers are armed. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Lets `ms` ms pass: each timer fires at its own time, and what waits for it happens before the next one. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let fired = 0; this.#fireNext(end); fired++) {
      if (fired > MOST_TIMERS) throw new Error(`More than ${MOST_TIMERS} timers fired within ${ms} ms.`);
      await settle();
    }
    this.#now = end;
  }

  /** Lets time pass while the event loop is blocked: timers that are due come late, one after another, at the end. */
  async block(ms: number): Promise<void> {
    this.#now += ms;
    await this.advance(0);
  }

  /** Fires the timer that is due first; of several at one time the one armed first. */
  #fireNext(end: number): boolean {
    let next: [handle: number, timer: Timer] | undefined;
    for (const entry of this.#timers) {
      if (entry[1].due <= end && (!next || entry[1].due < next[1].due)) next = entry;
    }
    if (!next) return false;
    const [handle, timer] = next;
    this.#timers.delete(handle);
    this.#now = Math.max(this.#now, timer.due);
    timer.callback();
    return true;
  }
}
