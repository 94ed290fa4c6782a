/**
 * Node's streams as the seam wants them: bytes to pull, and a sink that answers every write.
 * @module
 */
import type { Readable, Writable } from "node:stream";
import type { ByteSource, Child } from "../src/backend.ts";
import { forget, listen, type Receiver, type Recycle } from "./received_bytes.ts";
import { READ_SIZE } from "./spare_buffers.ts";

/** Bytes taken from the stream and not yet asked for, at which it is paused. */
const READ_AHEAD = 256 * 1024;

/** A read that waits. */
interface Waiting {
  readonly resolve: (chunk: Uint8Array | null) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Pulls bytes from a stream. It listens from the moment it is made: when a child exits, Node makes its streams flow,
 * and what nobody listens to then is lost.
 */
export class ReadableSource implements ByteSource, Receiver {
  readonly recycle: Recycle;
  readonly #stream: Readable;
  readonly #onLull: (atEnd: boolean) => void;
  #chunks: Uint8Array[] = [];
  #size = 0;
  #paused = false;
  #ended = false;
  #error: Error | undefined;
  #waiting: Waiting | undefined;

  /**
   * @param onLull called when the pipe is seen to be empty or at its end, before anyone who reads is told
   * @param begin has the bytes go to a receiver, and answers who takes back their memory
   */
  constructor(
    stream: Readable,
    onLull: (atEnd: boolean) => void,
    begin: (stream: Readable, receiver: Receiver) => Recycle = listen,
  ) {
    this.#stream = stream;
    this.#onLull = onLull;
    this.recycle = begin(stream, this);
  }

  read(): Promise<Uint8Array | null> {
    const chunk = this.#chunks.shift();
    if (chunk) {
      this.#size -= chunk.length;
      return Promise.resolve(chunk);
    }
    if (this.#error) return Promise.reject(this.#error);
    if (this.#ended) return Promise.resolve(null);
    if (this.#paused) {
      this.#paused = false;
      this.#stream.resume();
    }
    return new Promise((resolve, reject) => this.#waiting = { resolve, reject });
  }

  close(): void {
    this.#chunks = [];
    this.end();
    this.#stream.destroy();
  }

  /** Lets the host end while this is read. */
  unref(): void {
    (this.#stream as Readable & { unref?: () => void }).unref?.();
  }

  take(chunk: Uint8Array): boolean {
    // Less than it may take at once: the pipe was empty after it.
    if (chunk.length < READ_SIZE) this.#onLull(false);
    if (this.#waiting) this.#answer((waiting) => waiting.resolve(chunk));
    else {
      this.#chunks.push(chunk);
      this.#size += chunk.length;
      this.#paused = this.#size >= READ_AHEAD;
    }
    return !this.#paused;
  }

  atEnd(): void {
    this.#onLull(true);
    this.end();
  }

  end(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    forget(this.#stream);
    this.#answer((waiting) => error ? waiting.reject(error) : waiting.resolve(null));
  }

  #answer(how: (waiting: Waiting) => void): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting) how(waiting);
  }
}

/** A sink over a stream: each write resolves when the system took the bytes, and no failure goes unhandled. */
export function writableSink(stream: Writable): NonNullable<Child["stdin"]> {
  // Without a listener EPIPE would end the host; the write that failed is told through its callback.
  stream.on("error", () => {});
  return {
    write: (bytes) =>
      new Promise((resolve, reject) => stream.write(bytes, (error) => error ? reject(error) : resolve())),
    close: () =>
      new Promise((resolve) => {
        if (stream.closed || stream.destroyed) return resolve();
        stream.once("close", resolve);
        stream.end(resolve);
      }),
  };
}
