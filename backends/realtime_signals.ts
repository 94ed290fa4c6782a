/**
 * Death by a real-time signal: libuv knows no name for it, and so Node reports exit code 0 and no signal, a success.
 * @module
 */
import { readStat } from "./node_proc.ts";
import { isDead, StatField, statField } from "./proc_stat.ts";

const PF_EXITING = 0x4;

/** Signals that have names, and so are told by Node itself. */
const LAST_NAMED = 31;
/** A look costs as much as reading a small chunk. While much comes there is one for so many ms, … */
const PAUSE = 10;
/** … but so many at once: a process that prints now and then is looked at each time. */
const MOST_AT_ONCE = 20;

/**
 * Looks for the signal that a process dies of, at the moments when it may be dying.
 *
 * The kernel closes the pipes of a dying process after it has set the wait status, and before anyone can reap it. So a
 * look when a pipe is empty or at its end finds the status that Node will not tell.
 */
export class DyingWatch {
  readonly #pid: number;
  #lastLook = 0;
  #credit = MOST_AT_ONCE;
  #signal: number | undefined;
  #certain = false;

  constructor(pid: number) {
    this.#pid = pid;
  }

  /** The number of the real-time signal it was seen dying of, if it was. */
  get signal(): number | undefined {
    return this.#signal;
  }

  /** Looks; while output comes not again at once. */
  look(atEnd: boolean): void {
    if (this.#certain) return;
    const now = performance.now();
    this.#credit = Math.min(MOST_AT_ONCE, this.#credit + (now - this.#lastLook) / PAUSE);
    this.#lastLook = now;
    if (!atEnd && this.#credit < 1) return;
    this.#credit--;
    const death = deathOf(this.#pid);
    if (!death) return;
    if (death.signal > LAST_NAMED) this.#signal = death.signal;
    // At the end of a pipe its last thread is past setting the status: there is nothing more to learn.
    this.#certain = death.signal > 0 || (atEnd && death.threads <= 1);
  }
}

/** What a process that is ending dies of, 0 for an exit, and how many threads it still has. */
function deathOf(pid: number): { signal: number; threads: number } | undefined {
  const stat = readStat(pid);
  if (stat === undefined) return undefined;
  const number = (field: number) => Number(statField(stat, field));
  if (!isDead(stat) && (number(StatField.flags) & PF_EXITING) === 0) return undefined;
  return { signal: number(StatField.exitSignal) & 0x7f, threads: number(StatField.threads) };
}
