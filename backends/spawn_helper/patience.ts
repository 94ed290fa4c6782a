/**
 * How long to wait for a helper that does not answer.
 * @module
 */
import { readStat } from "../node_proc.ts";
import { StatField, statField } from "../proc_stat.ts";

/** How often to look, in ms. */
const LOOK = 500;
/** How many looks a helper may be silent that somebody has stopped, and how many one that is only slow. */
const LOOKS = { stopped: 10, slow: 60 };

/** Looks, while an answer is waited for, whether it may still come. */
export class Patience {
  readonly #pid: number;
  readonly #onEnd: () => void;
  #timer: NodeJS.Timeout | undefined;
  #stopped = 0;
  #silent = 0;

  /** @param onEnd called when no answer is to be expected any more */
  constructor(pid: number, onEnd: () => void) {
    this.#pid = pid;
    this.#onEnd = onEnd;
  }

  /** Whether an answer is waited for. */
  set isWaiting(waiting: boolean) {
    if (waiting === (this.#timer !== undefined)) return;
    clearInterval(this.#timer);
    this.heard();
    // A host that was busy itself finds one look due, not many: what the helper said meanwhile is read before the next.
    this.#timer = waiting ? setInterval(() => this.#look(), LOOK).unref() : undefined;
  }

  /** The helper has said something. */
  heard(): void {
    this.#stopped = this.#silent = 0;
  }

  #look(): void {
    this.#silent++;
    if (statField(readStat(this.#pid) ?? "", StatField.state) === "T") this.#stopped++;
    if (this.#stopped >= LOOKS.stopped || this.#silent >= LOOKS.slow) this.#onEnd();
  }
}
