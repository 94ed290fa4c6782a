/**
 * A pipe in memory, with the room of a real one.
 * @module
 */
import type { ByteSource } from "../../backend.ts";
import { somethingHappened } from "../turn.ts";

/** Bytes it holds before a write waits, and the most that one read gives. */
const CAPACITY = 64 * 1024;

/** Bytes go in at one end and come out at the other; it ends when nobody holds the writing end any more. */
export class MemoryPipe implements ByteSource {
  readonly #chunks: Uint8Array[] = [];
  #size = 0;
  #holders = 1;
  #closed = false;
  #readers: ((chunk: Uint8Array | null) => void)[] = [];
  #writers: (() => void)[] = [];

  /** One more holds the writing end. */
  hold(): void {
    this.#holders++;
  }

  /** One less does. */
  drop(): void {
    if (--this.#holders === 0) this.#endReaders();
  }

  /** Writes bytes, which belong to the reader from now on; answers false when nobody will ever read them. */
  write(bytes: Uint8Array): boolean | Promise<boolean> {
    if (this.#closed) return false;
    if (this.#size >= CAPACITY || bytes.length > CAPACITY) return this.#writeInPieces(bytes);
    this.#accept(bytes);
    return true;
  }

  read(): Promise<Uint8Array | null> {
    somethingHappened();
    const chunk = this.#chunks.shift();
    if (chunk) {
      this.#size -= chunk.length;
      this.#wakeWriters();
      return Promise.resolve(chunk);
    }
    if (this.#closed || this.#holders === 0) return Promise.resolve(null);
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  close(): void {
    this.#closed = true;
    this.#chunks.length = 0;
    this.#endReaders();
    this.#wakeWriters();
  }

  async #writeInPieces(bytes: Uint8Array): Promise<boolean> {
    for (let offset = 0; offset < bytes.length; offset += CAPACITY) {
      while (this.#size >= CAPACITY && !this.#closed) {
        await new Promise<void>((resolve) => this.#writers.push(resolve));
      }
      if (this.#closed) return false;
      this.#accept(bytes.subarray(offset, offset + CAPACITY));
    }
    return true;
  }

  #accept(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    somethingHappened();
    const reader = this.#readers.shift();
    if (reader) return reader(bytes);
    this.#chunks.push(bytes);
    this.#size += bytes.length;
  }

  #endReaders(): void {
    somethingHappened();
    for (const reader of this.#readers.splice(0)) reader(null);
  }

  #wakeWriters(): void {
    if (this.#writers.length === 0) return;
    for (const wake of this.#writers.splice(0)) wake();
  }
}
