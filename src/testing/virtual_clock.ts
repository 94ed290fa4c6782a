/**
 * Time that a test lets pass.
 * @module
 */
import { checkBoolean, checkMs, checkOptions } from "../check.ts";
import type { Clock } from "../clock.ts";
import { onNextTurn } from "./turn.ts";

/** How a virtual clock is made. */
export interface VirtualClockOptions {
  /** Whether time passes by itself as soon as nothing else happens, at once to the next timer (default: false). */
  auto?: boolean;
}

/** A clock that stands still until it is told to go on. */
export interface VirtualClock extends Clock {
  /**
   * Lets time pass: timers fire in order, and what they cause happens in between.
   * @param ms how long
   * @throws {ExecError} A rejection with `invalid_option`
   */
  advance(ms: number): Promise<void>;
  /** How many timers wait. */
  readonly pending: number;
}

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** Turns of the microtask queue between two timers: more than any chain in the core is long. */
const TURNS = 256;

/**
 * Makes a clock for tests: give the same one to the executor and to the fake, and a timeout of 30 seconds takes no time.
 *
 * @param options `auto` lets time pass by itself
 * @throws {ExecError} `invalid_option`
 *
 * @example
 * ```ts
 * import { createExecutor } from "@polyspawn/polyspawn";
 * import { fakeBackend, virtualClock } from "@polyspawn/polyspawn/testing";
 *
 * const clock = virtualClock({ auto: true });
 * const fake = fakeBackend({ clock }).on("slow", { stdout: "so far", delay: 3_600_000 });
 * const executor = createExecutor({ backend: fake, clock });
 * const error = await executor.output("slow", { timeout: 30_000 }).catch((error) => error);
 * console.log(error.reason, error.output.stdoutText()); // timed_out so far
 * ```
 */
export function virtualClock(options?: VirtualClockOptions): VirtualClock {
  const { auto } = checkOptions(options, ["auto"]);
  return new SteppedClock(checkBoolean("auto", auto, false));
}

class SteppedClock implements VirtualClock {
  readonly #timers = new Set<Timer>();
  readonly #auto: boolean;
  #now = 0;
  #scheduled = false;

  constructor(auto: boolean) {
    this.#auto = auto;
  }

  get pending(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  setTimeout(callback: () => void, ms: number): Timer {
    const timer = { at: this.#now + Math.max(0, ms), callback };
    this.#timers.add(timer);
    if (this.#auto) this.#schedule();
    return timer;
  }

  clearTimeout(handle: unknown): void {
    this.#timers.delete(handle as Timer);
  }

  async advance(ms: number): Promise<void> {
    const end = this.#now + checkMs("ms", ms, 0);
    await settle();
    for (let next = this.#next(); next && next.at <= end; next = this.#next()) {
      this.#fire(next);
      await settle();
    }
    this.#now = Math.max(this.#now, end);
  }

  // A turn of the event loop comes when the microtasks are done: then nothing is left but to let time pass. Deno may
  // deliver a message amid microtasks, which are then waited for.
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    onNextTurn(async () => {
      await settle();
      this.#scheduled = false;
      const next = this.#next();
      if (!next) return;
      this.#fire(next);
      if (this.#timers.size > 0) this.#schedule();
    });
  }

  #next(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) if (!first || timer.at < first.at) first = timer;
    return first;
  }

  #fire(timer: Timer): void {
    this.#timers.delete(timer);
    this.#now = Math.max(this.#now, timer.at);
    timer.callback();
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await undefined;
}
