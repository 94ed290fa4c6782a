/**
 * Tells an end by a limit of the container as what it is.
 * @module
 */

/** The limits of a container; 0 is none. */
export interface Limits {
  readonly memory: number;
  readonly pids: number;
}

/** What is added to an exit that a limit led to. */
export interface LimitDetails extends Readonly<Record<string, unknown>> {
  /** Which limit. */
  readonly limitReached: "memory" | "pids";
  /** The limit, in bytes or processes; 0 where the machine itself had no more. */
  readonly limit: number;
}

/** How programs, and the C library, say that a process could not be made: EAGAIN of fork and of threads. */
const NO_PROCESS =
  /resource temporarily unavailable|(?:can't|cannot|could not|unable to|failed to) (?:fork|create (?:a )?(?:new )?(?:native )?thread|start new thread)|EAGAIN/i;
/** How shells and others say that SIGKILL ended a process of theirs. */
const KILLED = /\bkilled\b|out of memory|cannot allocate memory/i;
/** Longer than any of these words. */
const OVERLAP = 64;

/** Looks for signs of a limit while a command runs. */
export class LimitWatch {
  readonly #limits: Limits;
  #tail = "";
  #noProcess = false;
  #killed = false;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Sees what the command says on stderr. The engine counts refused processes, but tells nobody. */
  see(bytes: Uint8Array): void {
    const { memory, pids } = this.#limits;
    if (memory === 0 && pids === 0) return;
    const text = this.#tail + new TextDecoder("latin1").decode(bytes);
    this.#noProcess ||= pids > 0 && NO_PROCESS.test(text);
    this.#killed ||= memory > 0 && KILLED.test(text);
    this.#tail = text.slice(-OVERLAP);
  }

  /** Whether it looks as if memory had run out: an engine may tell of that a little later than of the exit. */
  mayBeOutOfMemory(code: number): boolean {
    return this.#limits.memory > 0 && code !== 0 && (code === 137 || this.#killed);
  }

  /** What there is to tell of an exit. */
  details(code: number, outOfMemory: boolean): LimitDetails | undefined {
    if (code === 0) return undefined;
    const { memory, pids } = this.#limits;
    if (outOfMemory) return { limitReached: "memory", limit: memory };
    return this.#noProcess ? { limitReached: "pids", limit: pids } : undefined;
  }
}
