/**
 * What one stream of a container's output holds for its reader.
 * @module
 */
import type { ByteSource } from "../../src/backend.ts";

/** One of the two streams of output. */
export class FrameSource implements ByteSource {
  /** Bytes that wait for a reader. */
  size = 0;
  readonly #onTaken: () => void;
  readonly #chunks: Uint8Array[] = [];
  #ended = false;
  #closed = false;
  #waiting: ((chunk: Uint8Array | null) => void) | undefined;

  constructor(onTaken: () => void) {
    this.#onTaken = onTaken;
  }

  read(): Promise<Uint8Array | null> {
    const chunk = this.#chunks.shift();
    if (chunk) {
      this.size -= chunk.length;
      this.#onTaken();
      return Promise.resolve(chunk);
    }
    if (this.#ended) return Promise.resolve(null);
    return new Promise((resolve) => this.#waiting = resolve);
  }

  close(): void {
    this.#closed = true;
    this.#chunks.length = 0;
    this.size = 0;
    this.end();
    this.#onTaken();
  }

  /** Takes a piece of output; false when it was closed. */
  take(piece: Uint8Array): boolean {
    if (this.#closed) return false;
    // A piece is the reader's to keep, and the connection's buffer may be used again.
    const copy = piece.slice();
    if (this.#waiting) this.#answer(copy);
    else {
      this.#chunks.push(copy);
      this.size += copy.length;
    }
    return true;
  }

  end(): void {
    this.#ended = true;
    this.#answer(null);
  }

  #answer(chunk: Uint8Array | null): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.(chunk);
  }
}
