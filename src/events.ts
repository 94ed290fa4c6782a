/**
 * What happened, for logs and traces: no environment, no output.
 * @module
 */
import { ignore, isPromise } from "./deferred.ts";
import { heardChannel } from "./event_channel.ts";
import type { SignalName } from "./signals.ts";

/** What every event carries. */
export interface ExecEventBase {
  /** When it happened: ms since the epoch, by the executor's clock. */
  readonly time: number;
  /** The id of the executor, where it has one. */
  readonly executorId?: string;
  /** Names one process of this host, across its events; `undefined` for what was denied. */
  readonly processId?: string;
  /** The executable and its arguments; `undefined` where no command was asked for. */
  readonly argv?: readonly string[];
  /** The operating system's process id, once it runs. */
  readonly pid?: number;
}

/** One thing that happened to a process or a request. */
export type ExecEvent =
  & ExecEventBase
  & (
    | {
      /** A process began to run. */
      readonly type: "spawn";
    }
    | {
      /** A process has ended. */
      readonly type: "exit";
      /** The exit code; 128 + n when signal n killed it. */
      readonly exitCode: number;
      /** The signal that killed it. */
      readonly signal?: SignalName;
      /** Facts about why it ended, where its backend knows any: of `./docker` `limitReached` and `limit`. */
      readonly details?: Readonly<Record<string, unknown>>;
      /** Time from start to exit, in ms. */
      readonly durationMs: number;
    }
    | {
      /** A policy or a whitelist said no. */
      readonly type: "denied";
      /** What was denied: an action of a policy, or `"whitelist"`. */
      readonly action: string;
      /** The id, or the command as `quote` writes it. */
      readonly resource: string;
    }
    | {
      /** The timeout of a process passed, and it is ended. */
      readonly type: "timeout";
    }
    | {
      /** The AbortSignal of a process was aborted, and it is ended. */
      readonly type: "canceled";
    }
    | {
      /** A process got SIGKILL. */
      readonly type: "killed";
    }
  );

/** What is told of events. */
export type EventListener = (event: ExecEvent) => void;

/** Whether anybody would hear of an event, so that nobody makes one in vain. */
export function isHeard(listener: EventListener | undefined): boolean {
  return listener !== undefined || heardChannel() !== undefined;
}

/** Tells a listener, and whoever listens to the runtime's own channel. */
export function emitTo(listener: EventListener | undefined, event: ExecEvent): void {
  tell(listener, Object.freeze(event));
  tell((each) => heardChannel()?.publish(each), event);
}

/** A listener that passes on to several, each of which hears of everything whatever the others do. */
export function allListeners(
  ...listeners: readonly (EventListener | undefined)[]
): EventListener | undefined {
  const present = listeners.filter((listener) => listener !== undefined);
  if (present.length < 2) return present[0];
  return (event) => present.forEach((listener) => tell(listener, event));
}

/** What a listener throws must never reach a command. */
function tell(listener: EventListener | undefined, event: ExecEvent): void {
  if (!listener) return;
  try {
    const answer: unknown = listener(event);
    if (isPromise(answer)) answer.then(ignore, ignore);
  } catch {
    // The listener's own fault.
  }
}
