/**
 * Tells what happens to one process.
 * @module
 */
import type { Clock } from "./clock.ts";
import { emitTo, type EventListener, type ExecEvent, type ExecEventBase, isHeard } from "./events.ts";
import { processWide } from "./process_wide.ts";

/** What each event of a process says of it. */
export interface ToldProcess {
  readonly argv: readonly string[];
  readonly executorId: string | undefined;
  readonly clock: Clock;
  readonly onEvent: EventListener | undefined;
}

/** Shared by all copies of this package: their events meet on the runtime's own channel. */
const counter = processWide("processes.1", () => ({ count: 0 }));

/** The events of one process, which all name it by the same id. */
export class ProcessEvents {
  readonly #id = ++counter.count;
  readonly #process: ToldProcess;

  constructor(process: ToldProcess) {
    this.#process = process;
  }

  /** Whether anybody listens. */
  get heard(): boolean {
    return isHeard(this.#process.onEvent);
  }

  /** Tells of one, where anybody listens. */
  emit(event: Own<ExecEvent>, pid: number | undefined): void {
    const { argv, executorId, clock, onEvent } = this.#process;
    if (!this.heard) return;
    const base = { time: clock.now(), executorId, processId: `p${this.#id}`, argv, pid };
    emitTo(onEvent, { ...base, ...event } as ExecEvent);
  }
}

/** An event without what every event carries. */
type Own<E> = E extends ExecEvent ? Omit<E, keyof ExecEventBase> : never;
