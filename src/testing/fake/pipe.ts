/**
 * A pipe in memory, with the room of a real one.
 * @module
 */
import type { ByteSource } from "../../backend.ts";
import { ignore } from "../../deferred.ts";

/** Bytes it holds before a write waits. */
const CAPACITY = 64 * 1024;

/** Bytes go in at one end and come out at the other; it ends when nobody holds the writing end any more. */
export class MemoryPipe implements ByteSource {
  readonly #chunks: Uint8Array[] = [];
  #size = 0;
  #holders = 1;
  #closed = false;
  #wakeReader: () => void = ignore;
  readonly #wakeWriters: (() => void)[] = [];

  /** One more holds the writing end. */
  hold(): void {
    this.#holders++;
  }

  /** One less does. */
  drop(): void {
    this.#holders--;
    this.#wakeReader();
  }

  /** Writes bytes; answers false when nobody will ever read them. */
  async write(bytes: Uint8Array): Promise<boolean> {
    while (this.#size >= CAPACITY && !this.#closed) {
      await new Promise<void>((resolve) => this.#wakeWriters.push(resolve));
    }
    if (this.#closed) return false;
    if (bytes.length > 0) {
      this.#chunks.push(bytes);
      this.#size += bytes.length;
      this.#wakeReader();
    }
    return true;
  }

  async read(): Promise<Uint8Array | null> {
    while (this.#chunks.length === 0 && this.#holders > 0 && !this.#closed) {
      await new Promise<void>((resolve) => this.#wakeReader = resolve);
    }
    const chunk = this.#closed ? undefined : this.#chunks.shift();
    if (!chunk) return null;
    this.#size -= chunk.length;
    for (const wake of this.#wakeWriters.splice(0)) wake();
    return chunk;
  }

  close(): void {
    this.#closed = true;
    this.#wakeReader();
    for (const wake of this.#wakeWriters.splice(0)) wake();
  }
}
