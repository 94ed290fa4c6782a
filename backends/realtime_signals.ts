/**
 * Death by a real-time signal: libuv knows no name for it, and so Node reports exit code 0 and no signal, a success.
 * @module
 */
import { readStat } from "./node_proc.ts";
import { StatField } from "./proc_stat.ts";

const PF_EXITING = 0x4;

/** Signals that have names, and so are told by Node itself. */
const LAST_NAMED = 31;
/** Time, in ms, between two looks while output comes: a look costs as much as reading a small chunk. */
const PAUSE = 1;

/**
 * Looks for the signal that a process dies of, at the moments when it may be dying.
 *
 * The kernel closes the pipes of a dying process after it has set the wait status, and before anyone can reap it. So a
 * look when a pipe is empty or at its end finds the status that Node will not tell.
 */
export class DyingWatch {
  readonly #pid: number;
  #lastLook = -Infinity;
  #signal: number | undefined;

  constructor(pid: number) {
    this.#pid = pid;
  }

  /** The number of the real-time signal it was seen dying of, if it was. */
  get signal(): number | undefined {
    return this.#signal;
  }

  /** Looks; while output comes not again at once. */
  look(atEnd: boolean): void {
    const now = performance.now();
    if (this.#signal !== undefined || (!atEnd && now - this.#lastLook < PAUSE)) return;
    this.#lastLook = now;
    const signal = dyingSignal(this.#pid);
    if (signal !== undefined && signal > LAST_NAMED) this.#signal = signal;
  }
}

function dyingSignal(pid: number): number | undefined {
  const fields = readStat(pid);
  if (!fields) return undefined;
  const exiting = fields[StatField.state] === "Z" || (Number(fields[StatField.flags]) & PF_EXITING) !== 0;
  return exiting ? Number(fields[StatField.exitSignal]) & 0x7f : undefined;
}
