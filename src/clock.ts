/**
 * Time, as the core sees it: a test can bring its own.
 * @module
 */

/** Where the core takes time from: the executor option `clock` lets a test decide how it passes. */
export interface Clock {
  /** The time now in ms: differences count, and events show it (the runtime's own clock counts from the epoch). */
  now(): number;
  /** Calls `callback` once after `ms` milliseconds; the answer goes to `clearTimeout`. */
  setTimeout(callback: () => void, ms: number): unknown;
  /** Forgets a timer; a timer that fired or was cleared already is no error. */
  clearTimeout(handle: unknown): void;
}

/** The timers of the runtime, read at each call so that fake timers of test frameworks take effect. */
interface Timers {
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(handle: unknown): void;
  setImmediate?(callback: () => void): unknown;
  clearImmediate?(handle: unknown): void;
  performance: { now(): number; timeOrigin: number };
}
const timers = globalThis as unknown as Timers;

/** The runtime's own timers. `now` is a steady clock that a change of the system's time does not move. */
export const systemClock: Clock = {
  now: () => timers.performance.timeOrigin + timers.performance.now(),
  setTimeout: (callback, ms) => timers.setTimeout(callback, ms),
  clearTimeout: (handle) => timers.clearTimeout(handle),
};

/** Runtimes take a longer timer for a short one: 2^31 - 1 ms, about 25 days. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Cancels a timer. */
export interface CancelTimer {
  (): void;
  /** Lets the host end before the timer fires, where the clock's timers know how. */
  unref(): void;
}

/** Calls `callback` after `ms` ms, however many; the answer cancels it. */
export function after(clock: Clock, ms: number, callback: () => void): CancelTimer {
  let handle: unknown;
  let unrefs = false;
  const unref = () => {
    unrefs = true;
    (handle as { unref?: () => void } | undefined)?.unref?.();
  };
  const arm = (left: number) => {
    const step = Math.min(left, LONGEST_TIMER);
    handle = clock.setTimeout(() => left > step ? arm(left - step) : callback(), step);
    if (unrefs) unref();
  };
  arm(ms);
  return Object.assign(() => clock.clearTimeout(handle), { unref });
}

/**
 * Calls `callback` once the event loop has looked at pipes and sockets again; the answer cancels it. A timer does not
 * say so: on a busy machine a timer of 0 ms that another one sets is due before the loop goes on.
 */
export function afterTurn(clock: Clock, callback: () => void): () => void {
  const { setImmediate, clearImmediate } = timers;
  let cancel: () => void = after(clock, 0, () => {
    if (clock !== systemClock || !setImmediate || !clearImmediate) return callback();
    const handle = setImmediate(callback);
    cancel = () => clearImmediate(handle);
  });
  return () => cancel();
}
