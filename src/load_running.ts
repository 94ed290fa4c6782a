/**
 * Loads what only a command needs with the first one, so that importing the package costs next to nothing.
 * @module
 */
import { after, type Clock, systemClock } from "./clock.ts";
import { attempt, Deferred, ignore } from "./deferred.ts";
import { type ExecError, toExecError } from "./errors.ts";
import { abortInterruption, type InterruptionSources, watchInterruptions } from "./interruption.ts";
import type { Running } from "./running.ts";

/** What was loaded; `undefined` before the first command. */
export let running: Running | undefined;

let loading: Promise<void> | undefined;
let checkRoom: () => void = ignore;

/** Says how it is looked whether a module can be loaded; where it can't, that throws. */
export function setRoomCheck(check: () => void): void {
  checkRoom = check;
}

/** Hands over what is loaded: then the first command takes no turn of the event loop more than others. */
export function setRunning(parts: Running): void {
  running ??= parts;
}

/** The call that something is loaded for. */
export interface LoadingCall extends InterruptionSources {
  /** The command as messages show it. */
  readonly command: () => string;
  readonly clock: Clock;
  /** Loads the backend at the same time, where the call will ask for it next. */
  readonly backend?: (() => unknown) | undefined;
}

/**
 * Time, in ms, that a load gets once its call was timed out or aborted. It takes a few, and then the call is ended the way
 * that every call is; but a disk may hang.
 */
const LATE_GRACE = 500;

/**
 * Loads it, so that `running` is there.
 * @throws {ExecError} A rejection: `resource_exhausted` when there are no descriptors for it, and `timed_out` or `canceled`
 * when the call was over and it still was not there
 */
export async function loadRunning({ command, clock, backend, ...sources }: LoadingCall): Promise<void> {
  // A failure is tried again the next time.
  const load = loading ??= loadOnce().finally(() => loading = undefined);
  // Its failure is told to whoever asks for it next.
  if (backend) attempt(backend).catch(ignore);
  const late = new Deferred<never>();
  let stopWaiting: (() => void) | undefined;
  // The first that comes ends the call, as it does for a process.
  const over = ({ error }: { error: ExecError }) =>
    stopWaiting ??= after(systemClock, LATE_GRACE, () => late.reject(error));
  const { signal } = sources;
  if (signal?.aborted) over(abortInterruption(signal, command()));
  const watch = watchInterruptions(sources, command, clock, over);
  try {
    await Promise.race([load, late.promise]);
  } finally {
    watch.stop();
    stopWaiting?.();
  }
}

async function loadOnce(): Promise<void> {
  try {
    checkRoom();
    setRunning((await import("./running.ts")).parts);
  } catch (error) {
    throw toExecError(error, "Loading what runs commands");
  }
}
