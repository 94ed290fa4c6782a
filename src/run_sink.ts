/**
 * Where the output of a run goes: its tail is kept, and whoever listens gets it as it comes.
 * @module
 */
import { invalidOption } from "./check.ts";
import { ignore, isPromise } from "./deferred.ts";
import { ExecError, toExecError } from "./errors.ts";
import { Tail, type TailText } from "./tail.ts";
import { Utf8Decoder } from "./utf8.ts";

/** What a sink is told. */
export interface RunSinkOptions {
  readonly maxOutput: number;
  readonly onOutput?: (text: string) => void;
  readonly tee?: WritableStream<Uint8Array>;
}

/** Takes chunks one after another, in the order they are given. */
export class RunSink {
  readonly #tail: Tail;
  #recycle: (chunk: Uint8Array) => void = ignore;
  readonly #onOutput: ((text: string) => void) | undefined;
  readonly #decoder = new Utf8Decoder();
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #teeError: ExecError | undefined;
  #last: Promise<void> | undefined;
  #stopWaiting: (() => void) | undefined;
  #released = false;
  #listening: Promise<unknown> = Promise.resolve();
  #listenerFailure: { readonly error: unknown } | undefined;

  /** @throws {ExecError} `invalid_option` when somebody else, such as another run, writes to the tee */
  constructor({ maxOutput, onOutput, tee }: RunSinkOptions) {
    if (tee?.locked) {
      throw invalidOption("tee", `is locked: wait for the run that writes to it, or give another stream.`);
    }
    this.#tail = new Tail(maxOutput, (chunk) => this.#recycle(chunk));
    this.#onOutput = onOutput;
    this.#writer = tee?.getWriter();
    this.#writer?.closed.catch((error) => this.#teeFailed(error));
  }

  /** What went wrong with the tee, if something did; the command went on without it. */
  get teeError(): ExecError | undefined {
    return this.#teeError;
  }

  /** What is kept so far. */
  text(): TailText {
    return this.#tail.text();
  }

  /** Says who takes back chunks that nobody needs any more. */
  recycleTo(recycle: (chunk: Uint8Array) => void): void {
    this.#recycle = recycle;
  }

  /** Takes a chunk, which is the sink's from now on; when it answers a promise, the next one may come after that. */
  take(chunk: Uint8Array): Promise<void> | void {
    if (!this.#last && !this.#writer && !this.#onOutput) {
      if (!this.#released) this.#tail.push(chunk);
    } else return this.#takeInTurn(chunk);
  }

  async #takeInTurn(chunk: Uint8Array): Promise<void> {
    // Two streams that could not be merged share the sink: one chunk at a time, in the order of arrival.
    while (this.#last) await this.#last;
    if (this.#released) return;
    this.#last = this.#tell(chunk).finally(() => this.#last = undefined);
    await this.#last;
  }

  /** No more comes. */
  async end(): Promise<void> {
    this.#announce(this.#decoder.end());
    await this.#listening;
    this.#throwIfListenerFailed();
  }

  /** The run must answer: goes on without a tee that is slow to take what it was given. */
  hurry(): void {
    if (!this.#stopWaiting) return;
    const message =
      `The tee did not take all of the output in time: make it faster, or give the run more time.`;
    this.#teeError ??= new ExecError("timed_out", message);
    this.#dropTee();
  }

  /** The run has its answer: gives the tee back, which stays open, and tells nobody any more. */
  release(): void {
    this.#released = true;
    this.#dropTee();
  }

  #dropTee(): void {
    const writer = this.#writer;
    this.#writer = undefined;
    writer?.releaseLock();
    this.#stopWaiting?.();
  }

  async #tell(chunk: Uint8Array): Promise<void> {
    if (this.#onOutput) this.#announce(this.#decoder.push(chunk));
    if (!this.#writer) return this.#tail.push(chunk);
    // The tee may keep or transfer what it gets: the tail has its own copy.
    this.#tail.pushCopy(chunk);
    await this.#write(chunk);
  }

  /** Resolves when the tee took the chunk, failed or was dropped. */
  async #write(chunk: Uint8Array): Promise<void> {
    const writer = this.#writer;
    if (!writer) return;
    await new Promise<void>((resolve) => {
      this.#stopWaiting = resolve;
      // Node 20 throws at once for a tee that is closed.
      const taken = (async () => await writer.write(chunk))();
      taken.catch((error) => this.#teeFailed(error)).then(resolve);
    });
    this.#stopWaiting = undefined;
  }

  #announce(text: string): void {
    this.#throwIfListenerFailed();
    if (text === "" || this.#released) return;
    const answer: unknown = this.#onOutput?.(text);
    // An async listener may be given too: what it rejects with must reach the caller, not the host.
    if (!isPromise(answer)) return;
    const heard = answer.then(ignore, (error: unknown) => this.#listenerFailure ??= { error });
    this.#listening = this.#listening.then(() => heard);
  }

  #throwIfListenerFailed(): void {
    if (this.#listenerFailure) throw this.#listenerFailure.error;
  }

  #teeFailed(error: unknown): void {
    // Released on purpose: nothing failed.
    if (!this.#writer) return;
    this.#teeError ??= toExecError(error, "Writing output to the tee");
    this.#dropTee();
  }
}
