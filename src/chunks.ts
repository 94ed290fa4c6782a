/**
 * A queue of byte chunks.
 * @module
 */

/** Chunks in the order they came, given out in whole or in part. */
export class ChunkQueue {
  #chunks: Uint8Array[] = [];
  #first = 0;
  #size = 0;

  /** How many bytes are in it. */
  get size(): number {
    return this.#size;
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
  }

  /** Puts a chunk before all others. */
  unshift(chunk: Uint8Array): void {
    if (this.#first > 0) this.#chunks[--this.#first] = chunk;
    else this.#chunks.unshift(chunk);
    this.#size += chunk.length;
  }

  /** The next bytes, at most `most`; only when there are some. What it gives out shares memory with nothing that stays. */
  shift(most: number): Uint8Array {
    const chunk = this.#chunks[this.#first]!;
    if (chunk.length > most) {
      this.#chunks[this.#first] = chunk.subarray(most);
      this.#size -= most;
      return chunk.slice(0, most);
    }
    this.#chunks[this.#first++] = EMPTY;
    if (this.#first === this.#chunks.length) [this.#chunks, this.#first] = [[], 0];
    else if (this.#first >= 1024) [this.#chunks, this.#first] = [this.#chunks.slice(this.#first), 0];
    this.#size -= chunk.length;
    return chunk;
  }

  /** All of it as one array; it stays in the queue. */
  peekAll(): Uint8Array {
    const live = this.#chunks.length - this.#first;
    if (live === 1) return this.#chunks[this.#first]!;
    const all = new Uint8Array(this.#size);
    let offset = 0;
    for (let i = this.#first; i < this.#chunks.length; i++) {
      all.set(this.#chunks[i]!, offset);
      offset += this.#chunks[i]!.length;
    }
    return all;
  }

  clear(): void {
    [this.#chunks, this.#first, this.#size] = [[], 0, 0];
  }
}

const EMPTY = new Uint8Array(0);
