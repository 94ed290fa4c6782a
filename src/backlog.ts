/**
 * What a stream holds between its source and its reader, and the limits of that.
 * @module
 */
import { ChunkQueue } from "./chunks.ts";
import { PIPE_CAPACITY } from "./drain.ts";
import { ExecError } from "./errors.ts";

/** Bytes read ahead of the reader, and kept of a stream nobody asked for. */
const READ_AHEAD = 1 << 20;
/** Bytes held after the exit however small the limit: the read-ahead, and what a pipe may have held on top. */
const LEAST_DRAIN = READ_AHEAD + PIPE_CAPACITY;

/**
 * Bytes that were read and not yet taken. Once the stream is claimed that is all of them; of one that nobody asked for
 * it is the beginning, and the rest is only counted: it must neither block the child nor grow.
 */
export class Backlog extends ChunkQueue {
  readonly maxBuffer: number;
  readonly #name: string;
  #claimed = false;
  #discarded = 0;

  /** @param name of the stream, for messages */
  constructor(name: string, maxBuffer: number) {
    super();
    this.#name = name;
    this.maxBuffer = maxBuffer;
  }

  /** Somebody wants the stream: from now on nothing is thrown away. */
  claim(): void {
    this.#claimed = true;
  }

  /** Takes the next bytes; answers whether it keeps the chunk, or its memory may be used again. */
  take(chunk: Uint8Array): boolean {
    if (this.#claimed && this.#discarded === 0) {
      this.push(chunk);
      return true;
    }
    const room = this.#discarded > 0 ? 0 : READ_AHEAD - this.size;
    if (room >= chunk.length) {
      this.push(chunk);
      return true;
    }
    if (room > 0) this.push(chunk.slice(0, room));
    this.#discarded += chunk.length - room;
    return false;
  }

  /** Whether there is room for what the source has, though nobody waits for it. */
  hasRoom(exited: boolean): boolean {
    if (!this.#claimed || this.#discarded > 0) return true;
    if (this.size < Math.min(READ_AHEAD, Math.max(this.maxBuffer, 1))) return true;
    // What was written before the exit is taken out of the pipe however late the reader, as far as memory may be used.
    return exited && this.size < Math.max(this.maxBuffer, LEAST_DRAIN);
  }

  /** The error when it holds more than it may. */
  overflow(): ExecError | undefined {
    if (!this.#claimed || this.size <= this.maxBuffer) return undefined;
    return new ExecError(
      "buffer_exceeded",
      `More than ${this.maxBuffer} bytes of ${this.#name} came before they were read, and the process was ended: ` +
        `read the stream while the process runs, or raise "maxBuffer".`,
      { details: { stream: this.#name, maxBuffer: this.maxBuffer } },
    );
  }

  /** The error for who has read what was kept of more. */
  loss(): ExecError | undefined {
    if (this.#discarded === 0) return undefined;
    return new ExecError(
      "buffer_exceeded",
      `${this.#discarded} bytes of ${this.#name} were thrown away before anyone asked for them: ` +
        `call ${this.#name}Stream() before or right after start.`,
      { details: { discarded: this.#discarded, kept: READ_AHEAD } },
    );
  }

  /** Nobody reads any more: what it holds goes, and nothing was lost by that. */
  forget(): void {
    this.clear();
    this.#discarded = 0;
  }
}
