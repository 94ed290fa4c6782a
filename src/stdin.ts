/**
 * A process's standard input: writes in order, backpressure, end of input.
 * @module
 */
import type { Child } from "./backend.ts";
import { show } from "./check.ts";
import { attempt, ignore } from "./deferred.ts";
import { ExecError } from "./errors.ts";

type Sink = NonNullable<Child["stdin"]>;

/** Writes to a child one after another; whatever the child does, no write is left hanging. */
export class StdinWriter {
  #sink: Sink | undefined;
  /** Settles when all that was asked for is done; nothing is pending where there is none. */
  #last: Promise<void> | undefined;
  #ended = false;
  #gone = false;
  #interrupt: ((error: ExecError) => void) | undefined;

  /** The process runs. */
  attach(sink: Sink): void {
    this.#sink = sink;
  }

  // Not async: for a chunk of a fast writer each promise counts.
  /** Writes bytes; nothing to write is the end of input. */
  write(data: string | Uint8Array): Promise<void> {
    if (typeof data !== "string" && !(data instanceof Uint8Array)) {
      const message = `writeStdin takes a string or a Uint8Array, got ${show(data)}.`;
      return Promise.reject(new ExecError("invalid_option", message));
    }
    if (data.length === 0) return this.close();
    if (this.#ended || this.#gone) return Promise.reject(this.#closed());
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    return this.#enqueue((sink) => sink.write(bytes));
  }

  /** Ends the input after what was written before; a second end, or one after the exit, is none. */
  async close(): Promise<void> {
    if (this.#ended || this.#gone) return;
    this.#ended = true;
    // A child that went away meanwhile needs no end of input any more.
    await this.#enqueue((sink) => sink.close()).catch(ignore);
  }

  /** The process has exited: a write still pending is never taken, and the descriptor goes. */
  exited(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#interrupt?.(this.#closed());
    const sink = this.#sink;
    if (sink) attempt(() => sink.close()).catch(ignore);
  }

  /** At once when nothing is pending, else after that: what waits for no one need not wait a turn either. */
  #enqueue(operation: (sink: Sink) => Promise<void>): Promise<void> {
    const done = this.#last ? this.#last.then(() => this.#perform(operation)) : this.#perform(operation);
    const forget = () => {
      if (this.#last === last) this.#last = undefined;
    };
    const last: Promise<void> = done.then(forget, forget);
    this.#last = last;
    return done;
  }

  #perform(operation: (sink: Sink) => Promise<void>): Promise<void> {
    const sink = this.#sink;
    if (this.#gone || !sink) return Promise.reject(this.#closed());
    return new Promise<void>((resolve, reject) => {
      this.#interrupt = reject;
      // An error for who is interrupted costs a stack trace: nobody is, once the write has settled.
      attempt(() => operation(sink)).then(() => {
        this.#interrupt = undefined;
        resolve();
      }, (cause) => {
        this.#interrupt = undefined;
        reject(this.#closed(cause));
      });
    });
  }

  #closed(cause?: unknown): ExecError {
    const why = this.#gone
      ? "the process has exited"
      : this.#ended
      ? "its end was sent before"
      : "the process closed it";
    return new ExecError(
      "stdin_closed",
      `Standard input takes no more: ${why}. Write before that, or stop writing.`,
      {
        cause,
      },
    );
  }
}
