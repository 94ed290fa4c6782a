/**
 * What each command noted of itself in the shared file, see child.c.
 * @module
 */
import { closeSync, ftruncateSync, openSync, readFileSync, readSync } from "node:fs";

const WORDS = 64;

/** How far a command came. */
export interface Slot {
  /** 0 when it never ran. */
  readonly pid: number;
  /** Whether it came to the end of what it had to do. */
  readonly reachedEnd: boolean;
  /** Bytes written to stdout and, where both are one, to stderr. */
  readonly out: number;
  readonly err: number;
  /** Bytes read from stdin, and their checksum. */
  readonly read: number;
  readonly hash: number;
  readonly endOfInput: boolean;
  /** The errno of a write that failed, or 0. */
  readonly failedWrite: number;
  /** Bytes written to stdout when the command itself ended, and a descendant may have gone on. */
  readonly outAtExit: number;
  readonly descendants: readonly number[];
}

/** The file of the slots. */
export class Slots {
  readonly path: string;
  readonly #file: number;

  constructor(path: string, count: number) {
    this.path = path;
    this.#file = openSync(path, "w+");
    ftruncateSync(this.#file, Math.ceil((count + 1) * WORDS * 4 / 4096) * 4096);
  }

  read(index: number): Slot {
    const words = new Uint32Array(WORDS);
    readSync(this.#file, new Uint8Array(words.buffer), 0, WORDS * 4, index * WORDS * 4);
    const [pid, stage, out, err, read, hash, end, failedWrite, outAtExit, count] =
      words as unknown as number[];
    return {
      pid: pid!,
      reachedEnd: stage === 2,
      out: out!,
      err: err!,
      read: read!,
      hash: hash!,
      endOfInput: end === 1,
      failedWrite: failedWrite!,
      outAtExit: outAtExit!,
      descendants: [...words.subarray(10, 10 + count!)],
    };
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Whether a process runs that has `mark` in its environment; a zombie has none any more. */
export function runsWith(pid: number, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(mark);
  } catch {
    return false;
  }
}
