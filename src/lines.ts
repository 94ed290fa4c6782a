/**
 * Lines of text out of bytes that come in chunks.
 * @module
 */
import { ExecError } from "./errors.ts";
import { decodeUtf8, LONGEST_STRING } from "./utf8.ts";

const LF = 0x0a;

/**
 * Bytes decoded at a time. Engines keep a line as a slice of the text it was cut from, so this also bounds what one
 * line that a caller keeps holds in memory.
 */
const BLOCK = 64 * 1024;

/**
 * Splits bytes at `\n` and `\r\n` and decodes them as UTF-8; a lone `\r` is part of its line. What has no newline yet
 * waits as bytes: a newline is never inside a character, so characters cut by a chunk's edge need no care.
 */
export class LineSplitter {
  readonly #maxLine: number;
  #buffer = new Uint8Array(0);
  #used = 0;

  /** @param maxLine the most bytes kept of a line that has no end yet; default: what fits into a string */
  constructor(maxLine: number = LONGEST_STRING) {
    this.#maxLine = Math.min(maxLine, LONGEST_STRING);
  }

  /**
   * The lines that these bytes complete, without their newlines.
   * @param bytes the next ones, not kept
   * @param lines what they are added to: those before a line that is too long are there although this throws
   * @throws {ExecError} `buffer_exceeded` when a line grows beyond the limit
   */
  push(bytes: Uint8Array, lines: string[] = []): string[] {
    for (let at = 0; at < bytes.length; at += BLOCK) this.#take(bytes.subarray(at, at + BLOCK), lines);
    return lines;
  }

  /** The last line, when no newline ended it. */
  end(): string[] {
    return this.#used === 0 ? [] : [this.#flush()];
  }

  #take(block: Uint8Array, lines: string[]): void {
    const last = block.lastIndexOf(LF);
    if (last < 0) return this.#keep(block);
    let start = 0;
    if (this.#used > 0) {
      const first = block.indexOf(LF);
      this.#keep(block.subarray(0, first));
      lines.push(withoutCr(this.#flush()));
      start = first + 1;
    }
    if (start <= last) {
      for (const line of splitText(decodeUtf8(block.subarray(start, last)))) lines.push(line);
    }
    if (last + 1 < block.length) this.#keep(block.subarray(last + 1));
  }

  #keep(bytes: Uint8Array): void {
    const used = this.#used + bytes.length;
    if (used > this.#buffer.length) this.#grow(used);
    this.#buffer.set(bytes, this.#used);
    this.#used = used;
  }

  #grow(used: number): void {
    if (used > this.#maxLine) {
      this.#release();
      throw new ExecError(
        "buffer_exceeded",
        `A line is longer than ${this.#maxLine} bytes: read such output with read() or bytes() instead of lines().`,
        { details: { maxLine: this.#maxLine } },
      );
    }
    // Doubling keeps the work linear, however many chunks a line comes in.
    const larger = new Uint8Array(Math.min(this.#maxLine, Math.max(used, 2 * this.#buffer.length, 256)));
    larger.set(this.#buffer.subarray(0, this.#used));
    this.#buffer = larger;
  }

  #flush(): string {
    const text = decodeUtf8(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
    if (this.#buffer.length > BLOCK) this.#release();
    return text;
  }

  #release(): void {
    this.#buffer = new Uint8Array(0);
    this.#used = 0;
  }
}

/** The lines of a text that a newline follows. */
function splitText(text: string): string[] {
  const lines = text.split("\n");
  return text.includes("\r") ? lines.map(withoutCr) : lines;
}

/** A line that `\n` ended, without the `\r` that may belong to it. */
function withoutCr(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
