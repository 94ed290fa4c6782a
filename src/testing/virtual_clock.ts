/**
 * Time that a test lets pass.
 * @module
 */
import { checkBoolean, checkMs, checkOptions } from "../check.ts";
import type { Clock } from "../clock.ts";
import { ignore } from "../deferred.ts";
import { quiet } from "./turn.ts";

/** How a virtual clock is made. */
export interface VirtualClockOptions {
  /**
   * Whether time passes by itself as soon as nothing else happens, at once to the next timer (default: false). What
   * takes real time, such as reading a file, is not waited for: where code does that, use `advance`.
   */
  auto?: boolean;
}

/** A clock that begins at 0 and stands still until it is told to go on. */
export interface VirtualClock extends Clock {
  /**
   * Lets time pass: timers fire in order, and what they cause happens in between, before the next one and before this
   * resolves. A second call before that begins when the first is done.
   * @param ms how long, in ms
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
  #passing = false;
  #advancing: Promise<void> = Promise.resolve();

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
    const timer = { at: this.#now + (ms > 0 ? ms : 0), callback };
    this.#timers.add(timer);
    if (this.#auto && !this.#passing) void this.#pass();
    return timer;
  }

  clearTimeout(handle: unknown): void {
    this.#timers.delete(handle as Timer);
  }

  async advance(ms: number): Promise<void> {
    const span = checkMs("ms", ms, 0);
    const before = this.#advancing;
    const done = before.then(() => this.#advance(span));
    this.#advancing = done.catch(ignore);
    await done;
  }

  async #advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await quiet();
    for (let next = this.#next(); next && next.at <= end; next = this.#next()) {
      this.#fire(next);
      await quiet();
    }
    this.#now = Math.max(this.#now, end);
  }

  /** Goes from timer to timer until there is none. */
  async #pass(): Promise<void> {
    this.#passing = true;
    try {
      for (;;) {
        await quiet();
        const next = this.#next();
        if (!next) return;
        this.#fire(next);
      }
    } finally {
      this.#passing = false;
    }
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
