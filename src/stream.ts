/**
 * What a reader sees of a process's stdout or stderr.
 * @module
 */
import { checkBoolean, checkOptions, show } from "./check.ts";
import { ExecError } from "./errors.ts";
import { LineIterator } from "./line_iterator.ts";
import type { Pump } from "./pump.ts";
import { decodeUtf8 } from "./utf8.ts";

/** How lines are read. */
export interface LinesOptions {
  /** Whether the stream stays open when the loop is left early, with all that the loop did not take (default: false). */
  preventCancel?: boolean;
}

/**
 * The bytes a process writes to stdout or stderr, to be read once.
 *
 * It ends at its real end. Once the process has exited it also ends when it was quiet for `drainIdle` ms, or at
 * `drainMax` ms, because a descendant may hold the pipe for ever; then `complete` is false.
 *
 * @example Read line by line
 * ```ts
 * import { createExecutor } from "@polyspawn/polyspawn";
 *
 * await using child = await createExecutor().spawn(["sh", "-c", "echo one; echo two"]);
 * for await (const line of child.stdoutStream().lines()) console.log(line);
 * ```
 */
export interface Stream extends AsyncIterable<Uint8Array>, AsyncDisposable {
  /**
   * Waits for bytes and gives what is there, at most `size` of them, yours to keep.
   * @param size the most bytes to give (default: as they come)
   * @returns the bytes, or `null` at the end
   * @throws {ExecError} A rejection: `stream_busy` while another read is pending, `buffer_exceeded` when output was
   * thrown away or passed `maxBuffer`, `invalid_option` when `size` is not a positive whole number
   */
  read(size?: number): Promise<Uint8Array | null>;
  /**
   * All that is left, as text; bytes that are not UTF-8 become U+FFFD.
   * @throws {ExecError} A rejection as of `read`; `buffer_exceeded` also when there is more than `maxBuffer`
   */
  text(): Promise<string>;
  /**
   * All that is left.
   * @throws {ExecError} A rejection as of `text`
   */
  bytes(): Promise<Uint8Array>;
  /**
   * The lines, without their `\n` or `\r\n`; a last line without newline too. Leaving the loop early closes the stream.
   * @param options `preventCancel` keeps the stream open for the next reader
   * @throws {ExecError} `invalid_option` when an option is wrong; the iteration rejects as `read` does
   */
  lines(options?: LinesOptions): AsyncIterable<string>;
  /** The same bytes as a Web Stream; cancelling it closes this stream. */
  readonly readable: ReadableStream<Uint8Array>;
  /** Whether the real end was reached: false before it, and when the idle rule, an error or `close` ended the stream. */
  readonly complete: boolean;
  /** Stops reading: what is left is thrown away, and a process that writes on is told so by an error or SIGPIPE. Never rejects. */
  close(): Promise<void>;
}

/** A {@linkcode Stream} over a pump. */
export class PumpedStream implements Stream {
  readonly #pump: Pump;
  #collecting = false;
  #readable: ReadableStream<Uint8Array> | undefined;

  constructor(pump: Pump) {
    this.#pump = pump;
    pump.claim();
  }

  get complete(): boolean {
    return this.#pump.complete;
  }

  // Not async: for a chunk of a fast command each promise counts.
  read(size = Infinity): Promise<Uint8Array | null> {
    if (this.#collecting || this.#pump.busy) return Promise.reject(busy());
    if (size === Infinity || (Number.isInteger(size) && size > 0)) return this.#pump.read(size);
    const message = `read takes a positive whole number of bytes, got ${show(size)}.`;
    return Promise.reject(new ExecError("invalid_option", message));
  }

  /** Takes back a chunk as `read` gave it, once nobody looks at its bytes any more: its memory is used again. */
  recycle(chunk: Uint8Array): void {
    this.#pump.recycle(chunk);
  }

  async bytes(): Promise<Uint8Array> {
    this.#checkIdle();
    this.#collecting = true;
    try {
      return await this.#pump.collect();
    } finally {
      this.#collecting = false;
    }
  }

  async text(): Promise<string> {
    return decodeUtf8(await this.bytes());
  }

  lines(options?: LinesOptions): AsyncIterable<string> {
    const { preventCancel } = checkOptions(options, ["preventCancel"]);
    const keepOpen = checkBoolean("preventCancel", preventCancel, false);
    const source = {
      maxLine: this.#pump.maxBuffer,
      preventCancel: keepOpen,
      read: () => this.read(),
      recycle: (chunk: Uint8Array) => this.recycle(chunk),
      unread: (bytes: Uint8Array) => this.#pump.unread(bytes),
      close: () => this.close(),
    };
    return { [Symbol.asyncIterator]: () => new LineIterator(source) };
  }

  get readable(): ReadableStream<Uint8Array> {
    return this.#readable ??= new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const chunk = await this.read();
        chunk === null ? controller.close() : controller.enqueue(chunk);
      },
      cancel: () => this.close(),
    }, { highWaterMark: 0 });
  }

  close(): Promise<void> {
    this.#pump.cancel();
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    return {
      next: () => this.read().then(toResult),
      return: async () => {
        await this.close();
        return { done: true, value: undefined };
      },
    };
  }

  #checkIdle(): void {
    if (this.#collecting || this.#pump.busy) throw busy();
  }
}

function toResult(value: Uint8Array | null): IteratorResult<Uint8Array, undefined> {
  return value === null ? { done: true, value: undefined } : { done: false, value };
}

function busy(): ExecError {
  return new ExecError(
    "stream_busy",
    "A read of this stream is pending already: wait for it before the next one.",
  );
}
