/**
 * What a reader sees of a process's stdout or stderr.
 * @module
 */
import { checkBoolean, checkOptions, show } from "./check.ts";
import { ExecError } from "./errors.ts";
import { LineSplitter } from "./lines.ts";
import type { Pump } from "./pump.ts";
import { decodeUtf8 } from "./utf8.ts";

const LF = 0x0a;

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

  async read(size = Infinity): Promise<Uint8Array | null> {
    this.#checkIdle();
    if (size !== Infinity && !(Number.isInteger(size) && size > 0)) {
      throw new ExecError(
        "invalid_option",
        `read takes a positive whole number of bytes, got ${show(size)}.`,
      );
    }
    return await this.#pump.read(size);
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
    return { [Symbol.asyncIterator]: () => this.#lineIterator(keepOpen) };
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
      next: async () => {
        const value = await this.read();
        return value === null ? { done: true, value: undefined } : { done: false, value };
      },
      return: async () => {
        await this.close();
        return { done: true, value: undefined };
      },
    };
  }

  #lineIterator(preventCancel: boolean): AsyncIterator<string, undefined> {
    const lines = this.#lines(preventCancel);
    let waiting = 0;
    return {
      next: async () => {
        waiting++;
        try {
          return await lines.next();
        } finally {
          waiting--;
        }
      },
      return: async () => {
        // A generator that waits for bytes would not hear of its end before they come.
        if (waiting > 0 && !preventCancel) await this.close();
        return await lines.return(undefined);
      },
    };
  }

  async *#lines(preventCancel: boolean): AsyncGenerator<string, undefined> {
    const splitter = new LineSplitter(this.#pump.maxBuffer);
    // What a loop left early has not taken: set only while it holds a line.
    let untaken: Uint8Array | undefined;
    try {
      for (let chunk = await this.read(); chunk !== null; chunk = await this.read()) {
        for (let start = 0; start < chunk.length;) {
          // A line at a time only where the bytes after it may have to be given back.
          const end = preventCancel ? chunk.indexOf(LF, start) + 1 || chunk.length : chunk.length;
          const lines = await this.#split(splitter, chunk.subarray(start, end));
          start = end;
          untaken = chunk.subarray(end);
          for (const line of lines) yield line;
          untaken = undefined;
        }
        this.recycle(chunk);
      }
      for (const line of splitter.end()) yield line;
    } finally {
      if (untaken) preventCancel ? this.#pump.unread(untaken) : await this.close();
    }
  }

  async #split(splitter: LineSplitter, bytes: Uint8Array): Promise<string[]> {
    try {
      return splitter.push(bytes);
    } catch (error) {
      // A line beyond the limit: nobody will read on, so the child must not wait for that.
      await this.close();
      throw error;
    }
  }

  #checkIdle(): void {
    if (!this.#collecting && !this.#pump.busy) return;
    throw new ExecError(
      "stream_busy",
      "A read of this stream is pending already: wait for it before the next one.",
    );
  }
}
