/**
 * The last bytes of much output, as text that says what is missing.
 * @module
 */
import { ignore } from "./deferred.ts";
import { characterStart, LONGEST_STRING, Utf8Decoder } from "./utf8.ts";

const LF = 0x0a;

/** What a character that the limit cuts needs of the bytes before it. */
const LOOKBACK = 3;

/** Chunks from this size on are kept as they are; smaller ones are copied together into blocks of this size. */
const BLOCK = 16 * 1024;

/** The most blocks kept to be used again: what one chunk takes. */
const MOST_SPARE = 4;

const NOTHING = new Uint8Array(0);

/** Room for the notice in a string as long as the engine allows. */
const NOTICE_ROOM = 128;

/** Output as far as it was kept. */
export interface TailText {
  /** The text; when truncated, a notice on a line of its own comes first. */
  output: string;
  /** Whether something is missing at the start. */
  truncated: boolean;
  /** How many bytes there were in all. */
  totalBytes: number;
}

/**
 * Keeps the last bytes of what is pushed, in memory of about the limit plus one chunk, and makes text of them: from
 * the start of a line where there is one, else from the start of a character.
 */
export class Tail {
  readonly #limit: number;
  readonly #recycle: (chunk: Uint8Array) => void;
  /** The chunks that blocks are views of, as they were pushed. */
  readonly #chunks = new Map<Uint8Array, Uint8Array>();
  /** Oldest first, from `#first` on; the open block comes after them. */
  #blocks: Uint8Array[] = [];
  #first = 0;
  #open: Uint8Array = NOTHING;
  #used = 0;
  /** Blocks that nobody needs any more, to copy into: new memory is what makes a copy dear. */
  readonly #spare: Uint8Array[] = [];
  #kept = 0;
  #total = 0;

  /**
   * @param limit the most bytes to keep; 0 keeps none, Infinity as many as a string can hold (about 512 MiB)
   * @param recycle gets every chunk as soon as none of its bytes is needed any more
   */
  constructor(limit: number, recycle: (chunk: Uint8Array) => void = ignore) {
    this.#recycle = recycle;
    this.#limit = Math.min(Math.floor(limit), LONGEST_STRING - NOTICE_ROOM);
  }

  /** How many bytes were pushed in all. */
  get totalBytes(): number {
    return this.#total;
  }

  /** How much memory the kept bytes take, unused parts included. */
  get heldBytes(): number {
    const blocks = [...this.#blocks, this.#open, ...this.#spare];
    return blocks.reduce((sum, block) => sum + block.buffer.byteLength, 0);
  }

  /**
   * Takes the next bytes of the output.
   * @param chunk belongs to the tail from now on, with the buffer under it
   */
  push(chunk: Uint8Array): void {
    const end = this.#end(chunk);
    // A small view of a large buffer would keep all of the buffer alive.
    if (end.length < BLOCK || 2 * end.length < end.buffer.byteLength) {
      this.#copy(end);
      this.#recycle(chunk);
    } else {
      this.#seal();
      this.#blocks.push(end);
      this.#chunks.set(end, chunk);
    }
  }

  /**
   * Takes the next bytes of the output out of a chunk that goes elsewhere.
   * @param chunk not kept
   */
  pushCopy(chunk: Uint8Array): void {
    this.#copy(this.#end(chunk));
  }

  /** The text of what was pushed so far; more may be pushed afterwards. */
  text(): TailText {
    const totalBytes = this.#total;
    if (totalBytes <= this.#limit) return { output: this.#decode(0), truncated: false, totalBytes };
    const start = this.#start(this.#kept - this.#limit);
    const sizes = `${formatSize(this.#kept - start)} of ${formatSize(totalBytes)}`;
    const output = `...(truncated, showing last ${sizes})\n${this.#decode(start)}`;
    return { output, truncated: true, totalBytes };
  }

  /** The part of the next bytes that is to be kept; makes room for it. */
  #end(chunk: Uint8Array): Uint8Array {
    this.#total += chunk.length;
    const needed = this.#limit === 0 ? 0 : this.#limit + LOOKBACK;
    const end = chunk.length > needed ? chunk.subarray(chunk.length - needed) : chunk;
    this.#kept += end.length;
    this.#drop(needed);
    return end;
  }

  /** Forgets the oldest blocks that are not among the last `needed` bytes. */
  #drop(needed: number): void {
    for (let oldest = this.#blocks[this.#first]; oldest !== undefined; oldest = this.#blocks[this.#first]) {
      if (this.#kept - oldest.length < needed) break;
      this.#kept -= oldest.length;
      this.#blocks[this.#first++] = NOTHING;
      const chunk = this.#chunks.get(oldest);
      if (chunk) {
        this.#chunks.delete(oldest);
        this.#recycle(chunk);
      } else if (oldest.length === BLOCK && this.#spare.length < MOST_SPARE) this.#spare.push(oldest);
    }
    // Not shift() for each: with thousands of blocks it moves all of them each time.
    if (2 * this.#first > this.#blocks.length) {
      this.#blocks = this.#blocks.slice(this.#first);
      this.#first = 0;
    }
  }

  /** Many small chunks share a block, so that a chunk of one byte costs one byte. */
  #copy(chunk: Uint8Array): void {
    let rest = chunk;
    for (let room = this.#open.length - this.#used; rest.length > room; room = BLOCK) {
      this.#open.set(rest.subarray(0, room), this.#used);
      this.#used += room;
      rest = rest.subarray(room);
      this.#seal();
      this.#open = this.#spare.pop() ?? new Uint8Array(BLOCK);
    }
    this.#open.set(rest, this.#used);
    this.#used += rest.length;
  }

  /** Ends the open block; of one that isn't full the used part is cut out, or small and large chunks in turn would waste it. */
  #seal(): void {
    if (this.#used < this.#open.length) {
      if (this.#used > 0) this.#blocks.push(this.#open.slice(0, this.#used));
    } else if (this.#used > 0) {
      this.#blocks.push(this.#open);
      this.#open = NOTHING;
    }
    this.#used = 0;
  }

  /** Where the text starts, given where the limit alone would start it; both count from the first byte kept. */
  #start(cut: number): number {
    const before = Math.max(0, cut - LOOKBACK);
    const around = Uint8Array.from(this.#pieces(before, cut + LOOKBACK).flatMap((piece) => [...piece]));
    if (around[cut - before - 1] === LF) return cut;
    let at = cut;
    for (const piece of this.#pieces(cut, this.#kept)) {
      const newline = piece.indexOf(LF);
      // A final newline is no boundary: after it there is nothing to show.
      if (newline >= 0 && at + newline + 1 < this.#kept) return at + newline + 1;
      at += piece.length;
    }
    return before + characterStart(around, cut - before);
  }

  #decode(start: number): string {
    const decoder = new Utf8Decoder();
    const texts = this.#pieces(start, this.#kept).map((piece) => decoder.push(piece));
    return texts.join("") + decoder.end();
  }

  /** Views of the kept bytes from `start` to `end`. */
  #pieces(start: number, end: number): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    let at = 0;
    for (const block of [...this.#blocks, this.#open.subarray(0, this.#used)]) {
      const piece = block.subarray(Math.max(0, start - at), Math.max(0, end - at));
      if (piece.length > 0) pieces.push(piece);
      at += block.length;
    }
    return pieces;
  }
}

/** A number of bytes for people: `196B`, `47.7KB`; units are powers of 1024. */
function formatSize(bytes: number): string {
  if (bytes < 1024) return `${bytes}B`;
  let size = bytes / 1024;
  let unit = "KB";
  for (const larger of ["MB", "GB"]) {
    // What rounds to 1024.0 belongs to the next unit.
    if (size < 1023.95) break;
    size /= 1024;
    unit = larger;
  }
  return `${size.toFixed(1)}${unit}`;
}
