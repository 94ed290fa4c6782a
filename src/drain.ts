/**
 * When a stream ends although somebody still holds its pipe: the idle rule.
 * @module
 */
import { after, afterTurn, type Clock } from "./clock.ts";

/** More than any pipe or socket holds: having read so much since the exit, all that was written before it is here. */
export const PIPE_CAPACITY: number = 1 << 20;

/** Turns of the event loop that may pass at most while a busy pipe is emptied. */
const MOST_TURNS = 20;

/** What the rule needs to know of the pump it watches. */
export interface Draining {
  /** Whether a read of the source is pending: only then is silence the child's. */
  readonly pulling: boolean;
  /** Bytes read since the exit. */
  readonly drained: number;
}

/** Watches one pump from the exit of its process on, and says once when it should end. */
export class Drain {
  readonly #pump: Draining;
  readonly #clock: Clock;
  readonly #idle: number;
  readonly #end: () => void;
  readonly #cancels = new Set<() => void>();
  #lastChunk: number;
  #chunks = 0;

  /** @param limits quiet time and time in all, both in ms from now */
  constructor(pump: Draining, clock: Clock, limits: { idle: number; max: number }, end: () => void) {
    this.#pump = pump;
    this.#clock = clock;
    this.#idle = limits.idle;
    this.#end = end;
    this.#lastChunk = clock.now();
    this.#watchIdle(limits.idle);
    this.#after(limits.max, () => this.#emptyThenEnd(0));
  }

  /** A chunk came. */
  chunk(): void {
    this.#chunks++;
    this.#lastChunk = this.#clock.now();
  }

  /** Forgets every timer. */
  stop(): void {
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
  }

  #watchIdle(ms: number): void {
    this.#after(ms, () => {
      const quiet = this.#clock.now() - this.#lastChunk;
      if (quiet < this.#idle && quiet >= 0) this.#watchIdle(this.#idle - quiet);
      else if (!this.#pump.pulling) this.#watchIdle(Math.max(this.#idle, 1));
      else this.#confirmQuiet();
    });
  }

  // A blocked event loop fires timers before it looks at the pipe: silence counts only if it lasts two turns more.
  #confirmQuiet(): void {
    const before = this.#chunks;
    this.#turns(2, () => this.#chunks === before ? this.#finish() : this.#watchIdle(this.#idle));
  }

  // At the limit whatever the child itself wrote must still be taken out of the pipe, however busy the machine was.
  #emptyThenEnd(turns: number): void {
    const before = this.#chunks;
    this.#turns(2, () => {
      const done = this.#chunks === before || this.#pump.drained >= PIPE_CAPACITY || turns >= MOST_TURNS;
      done ? this.#finish() : this.#emptyThenEnd(turns + 2);
    });
  }

  #finish(): void {
    this.stop();
    this.#end();
  }

  #turns(count: number, then: () => void): void {
    if (count === 0) then();
    else this.#keep((done) => afterTurn(this.#clock, done), () => this.#turns(count - 1, then));
  }

  #after(ms: number, callback: () => void): void {
    if (ms !== Infinity) this.#keep((done) => after(this.#clock, ms, done), callback);
  }

  /** Waits in a way that `stop` can end. */
  #keep(wait: (done: () => void) => () => void, callback: () => void): void {
    const cancel = wait(() => {
      this.#cancels.delete(cancel);
      callback();
    });
    this.#cancels.add(cancel);
  }
}
