/**
 * What can end a process from outside: a timeout or an AbortSignal.
 * @module
 */
import { onAbort } from "./abort.ts";
import { after, type CancelTimer, type Clock } from "./clock.ts";
import { ExecError } from "./errors.ts";

/** Why a process was interrupted. */
export interface Interruption {
  readonly cause: "timeout" | "abort" | "overflow";
  readonly error: ExecError;
}

/** What a process was told about being interrupted. */
export interface InterruptionSources {
  readonly signal: AbortSignal | undefined;
  /** In ms; `Infinity` is none. */
  readonly timeout: number;
}

/** The interruption an aborted signal stands for. */
export function abortInterruption(signal: AbortSignal, command: string): Interruption {
  const reason: unknown = signal.reason;
  if ((reason as { name?: unknown } | undefined)?.name === "TimeoutError") {
    const message = `Command ${command} was ended: the time of its AbortSignal passed.`;
    return { cause: "timeout", error: new ExecError("timed_out", message, { cause: reason }) };
  }
  const message = `Command ${command} was canceled by its AbortSignal.`;
  return { cause: "abort", error: new ExecError("canceled", message, { cause: reason }) };
}

/** A watch over what can interrupt a process. */
export interface InterruptionWatch {
  /** Stops it, and leaves neither timer nor listener. */
  stop(): void;
  /** Lets the host end before the timeout. */
  unref(): void;
}

/**
 * Watches both sources.
 * @param command gives the command as messages show it
 */
export function watchInterruptions(
  sources: InterruptionSources,
  command: () => string,
  clock: Clock,
  interrupt: (interruption: Interruption) => void,
): InterruptionWatch {
  const { signal, timeout } = sources;
  let timer: CancelTimer | undefined;
  if (timeout !== Infinity) {
    timer = after(clock, timeout, () => {
      const message = `Command ${command()} was ended: it ran longer than its timeout of ${timeout} ms.`;
      interrupt({ cause: "timeout", error: new ExecError("timed_out", message, { details: { timeout } }) });
    });
  }
  const stopListening = signal && onAbort(signal, () => interrupt(abortInterruption(signal, command())));
  return {
    stop: () => {
      timer?.();
      stopListening?.();
    },
    unref: () => timer?.unref(),
  };
}
