/**
 * Moves bytes from a source to whoever reads them, until the end.
 * @module
 */
import type { ByteSource } from "./backend.ts";
import { Backlog } from "./backlog.ts";
import type { Clock } from "./clock.ts";
import { Deferred, ignore, isPromise } from "./deferred.ts";
import { Drain } from "./drain.ts";
import { type ExecError, toExecError } from "./errors.ts";

/** What a pump is told when it is made. */
export interface PumpOptions {
  /** `"stdout"` or `"stderr"`, for messages. */
  readonly name: string;
  readonly maxBuffer: number;
  readonly clock: Clock;
  /** The limit was passed: the process must be ended. */
  readonly onOverflow: (error: ExecError) => void;
  /** A read began (+1) or stopped (-1) to wait here, so that the sibling must not block the child. */
  readonly onWaiting: (change: 1 | -1) => void;
}

/** A reader that waits for bytes. */
interface Waiter {
  readonly size: number;
  readonly resolve: (chunk: Uint8Array | null) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One piped stream of a process. It is unclaimed until somebody asks for it, then claimed; at the end of the source,
 * by the idle rule, by an error or by cancelling it has ended, and then gives out what it holds.
 */
export class Pump {
  readonly #options: PumpOptions;
  readonly #backlog: Backlog;
  #ended: Deferred<void> | undefined;
  #source: ByteSource | undefined;
  #attended = false;
  #over = false;
  #complete = false;
  #canceled = false;
  #released = false;
  #pulling = false;
  #pressure = 0;
  #drained = 0;
  #drain: Drain | undefined;
  #exited = false;
  #waiter: Waiter | undefined;
  #error: ExecError | undefined;

  constructor(options: PumpOptions) {
    this.#options = options;
    this.#backlog = new Backlog(options.name, options.maxBuffer);
  }

  /** Whether the real end of the stream was reached. */
  get complete(): boolean {
    return this.#complete;
  }

  /** Whether no more bytes will come, for whatever reason. */
  get over(): boolean {
    return this.#over;
  }

  /** Resolves when no more bytes will come. */
  get ended(): Promise<void> {
    if (this.#over) return Promise.resolve();
    return (this.#ended ??= new Deferred()).promise;
  }

  /** What ended the stream, when it was an error. */
  get error(): ExecError | undefined {
    return this.#error;
  }

  /** Bytes that may be held. */
  get maxBuffer(): number {
    return this.#backlog.maxBuffer;
  }

  /** Whether a read is waiting. */
  get busy(): boolean {
    return this.#waiter !== undefined;
  }

  /** Whether a read of the source is pending. */
  get pulling(): boolean {
    return this.#pulling;
  }

  /** Bytes read since the exit. */
  get drained(): number {
    return this.#drained;
  }

  /** The process runs: bytes may come. */
  attach(source: ByteSource): void {
    this.#source = source;
    if (this.#over) this.#closeSource();
    else this.#kick();
  }

  /** Somebody wants the stream: from now on nothing is thrown away. */
  claim(): void {
    this.#backlog.claim();
  }

  /** The reader reads both streams side by side: from now on pressure is no reason to read on, and nothing overflows. */
  attend(): void {
    this.#attended = true;
  }

  /** Keeps the child from blocking here while something else is awaited, up to the buffer limit. */
  press(change: 1 | -1): void {
    this.#pressure += change;
    if (change === 1) this.#checkLimit();
    this.#kick();
  }

  /** The process has ended: what is left in the pipe is read, then the idle rule ends the stream. */
  exited(limits: { idle: number; max: number }): void {
    if (this.#over || this.#exited) return;
    this.#exited = true;
    if (!this.#source) return this.#end(false);
    this.#drain = new Drain(this, this.#options.clock, limits, () => this.#end(false));
    this.#kick();
  }

  /** Nobody needs the pipe kept open for a descendant: its descriptor goes as soon as the stream has ended. */
  release(): void {
    this.#released = true;
    if (this.#over) this.#closeSource();
  }

  /** Ends the stream now and throws away what it holds; a child that writes on gets EPIPE. */
  cancel(): void {
    this.#canceled = true;
    this.#backlog.forget();
    this.#released = true;
    this.#end(false);
    this.#closeSource();
  }

  /** Ends the stream; readers get what is held, then the error. */
  fail(error: ExecError): void {
    if (this.#over) return;
    this.#error = error;
    this.#end(false);
  }

  /** The next bytes, at most `size`; `null` at the end. Only one at a time. */
  read(size: number): Promise<Uint8Array | null> {
    if (this.#backlog.size > 0) {
      const chunk = this.#backlog.shift(size);
      this.#kick();
      return Promise.resolve(chunk);
    }
    const error = this.#endError();
    if (error) return Promise.reject(error);
    if (this.#over) return Promise.resolve(null);
    const promise = new Promise<Uint8Array | null>((resolve, reject) =>
      this.#waiter = { size, resolve, reject }
    );
    this.#options.onWaiting(1);
    this.#kick();
    return promise;
  }

  /** Gives back bytes that were read and not used: the next read gets them first. */
  unread(bytes: Uint8Array): void {
    if (bytes.length > 0 && !this.#canceled) this.#backlog.unshift(bytes);
  }

  /** Takes back the memory of a chunk that `read` gave: nobody looks at its bytes any more. */
  recycle(chunk: Uint8Array): void {
    this.#source?.recycle?.(chunk);
  }

  /** Waits for the end, then gives all that is held. */
  async collect(): Promise<Uint8Array> {
    this.press(1);
    this.#options.onWaiting(1);
    await this.ended;
    this.#options.onWaiting(-1);
    this.#pressure--;
    const error = this.#endError();
    if (error) throw error;
    const all = this.snapshot();
    this.#backlog.clear();
    return all;
  }

  /** What is held now; it stays. */
  snapshot(): Uint8Array {
    return this.#backlog.peekAll();
  }

  #endError(): ExecError | undefined {
    return this.#error ?? this.#backlog.loss();
  }

  get #pressed(): boolean {
    return this.#pressure > 0 && !this.#attended;
  }

  #wantsMore(): boolean {
    if (this.#over) return !this.#released;
    return this.#waiter !== undefined || this.#pressed || this.#backlog.hasRoom(this.#exited);
  }

  #kick(): void {
    if (!this.#pulling && this.#source && this.#wantsMore()) void this.#pull(this.#source);
  }

  async #pull(source: ByteSource): Promise<void> {
    this.#pulling = true;
    try {
      while (this.#wantsMore()) {
        const chunk = await source.read();
        if (chunk === null) {
          this.#released = true;
          this.#end(true);
          return this.#closeSource();
        }
        this.#accept(chunk);
      }
    } catch (error) {
      this.fail(toExecError(error, `Reading ${this.#options.name}`));
      this.release();
    } finally {
      this.#pulling = false;
    }
  }

  #accept(bytes: Uint8Array): void {
    if (this.#over || bytes.length === 0) return;
    // A backend may hand over a subclass (Node's Buffer, whose slice is a view): readers get the plain thing everywhere.
    const chunk = bytes.constructor === Uint8Array
      ? bytes
      : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (this.#exited) {
      this.#drained += chunk.length;
      this.#drain?.chunk();
    }
    if (!this.#backlog.take(chunk)) return this.recycle(chunk);
    if (this.#waiter) this.#wake(this.#backlog.shift(this.#waiter.size));
    this.#checkLimit();
  }

  #checkLimit(): void {
    const error = this.#over || !this.#pressed ? undefined : this.#backlog.overflow();
    if (!error) return;
    this.fail(error);
    this.#options.onOverflow(error);
  }

  #wake(chunk: Uint8Array | null): void {
    const waiter = this.#waiter;
    if (!waiter) return;
    this.#waiter = undefined;
    this.#options.onWaiting(-1);
    const error = chunk === null ? this.#endError() : undefined;
    error ? waiter.reject(error) : waiter.resolve(chunk);
  }

  #end(complete: boolean): void {
    if (this.#over) return;
    this.#over = true;
    this.#complete = complete;
    this.#drain?.stop();
    this.#wake(null);
    this.#ended?.resolve();
    if (this.#released) this.#closeSource();
    else this.#kick();
  }

  #closeSource(): void {
    const source = this.#source;
    this.#source = undefined;
    if (source) dismiss(source);
  }
}

/** Closes a source; nobody is waiting to hear that it failed to. */
function dismiss(source: ByteSource): void {
  try {
    const closed = source.close();
    if (isPromise(closed)) closed.then(ignore, ignore);
  } catch {
    // As when it rejects.
  }
}
