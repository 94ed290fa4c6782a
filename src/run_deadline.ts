/**
 * When a run answers although something hangs.
 * @module
 */
import { onAbort } from "./abort.ts";
import { after, systemClock } from "./clock.ts";
import { Deferred } from "./deferred.ts";

/** Time, in ms, after the timeout or the abort at which a run goes on without a listener that keeps it waiting. */
const HURRY = 700;
/** Time, in ms, after the timeout or the abort at which a run answers at the latest. */
const LATEST_ANSWER = 900;

/** What ends a run from outside. */
export interface Deadline {
  /** In ms; `Infinity` is none. */
  readonly timeout: number;
  readonly signal?: AbortSignal;
}

/** What is done for a run that is late, in this order; each step only when the one before did not help. */
export interface LateRun<T> {
  /** The time has come. */
  readonly end: () => void;
  /** Something may go on without what holds it up. */
  readonly hurry: () => void;
  /** The answer it gets. */
  readonly answer: () => T;
}

/** Settles as `work` does, but never much later than the timeout or the abort; leaves neither timer nor listener. */
export async function inTime<T>(work: Promise<T>, deadline: Deadline, late: LateRun<T>): Promise<T> {
  const { timeout, signal } = deadline;
  const settled = new Deferred<T>();
  const cancels: (() => void)[] = [];
  const watch = (ms: number) => {
    cancels.push(
      after(systemClock, ms, late.end),
      after(systemClock, ms + HURRY, late.hurry),
      after(systemClock, ms + LATEST_ANSWER, () => settled.resolve(late.answer())),
    );
  };
  watch(timeout);
  if (signal?.aborted) watch(0);
  else if (signal) cancels.push(onAbort(signal, () => watch(0)));
  work.then((answer) => settled.resolve(answer), (error) => settled.reject(error));
  try {
    return await settled.promise;
  } finally {
    for (const cancel of cancels) cancel();
  }
}
