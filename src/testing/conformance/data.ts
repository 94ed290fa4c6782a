/**
 * What programs write, and what is written to them.
 * @module
 */

/** A mebibyte. */
export const MIB: number = 2 ** 20;
/** A line of 17 bytes: no power of two is a multiple of it, so that blocks out of place show. */
export const LINE = "0123456789abcdef\n";
/** Another one, for the other stream. */
export const OTHER_LINE = "fedcba9876543210\n";
/** How much `stdoutThenStderr` and `stderrThenStdout` write to each of both. */
export const LARGE: number = 17 * 1024 * 1024;
/** How much `manyLines` writes. */
export const MANY_LINES: number = 17 * 2 ** 19;
/** How often `both` writes how many lines to each stream. */
export const ROUNDS = 16;
/** Lines in one round of `both`. */
export const ROUND_LINES = 1024;
/** Pairs of lines that `alternating` writes. */
export const PAIRS = 2000;
/** Words that a shell would change, every one. */
export const HARD_WORDS: readonly string[] = [
  "two words",
  "",
  "it's",
  '"',
  "$HOME",
  "`id`",
  "*",
  ";",
  "&&",
  "a\nb",
  "-n",
  "\\",
  "%s",
  "é✓😀",
];

/** How much `both` writes to each stream. */
export const BOTH: number = ROUNDS * ROUND_LINES * LINE.length;

/** Bytes of every value in no simple order. */
export function mixedBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0, x = 1; i < length; i++) {
    x = (Math.imul(x, 1_103_515_245) + 12_345) >>> 0;
    bytes[i] = x >>> 16;
  }
  return bytes;
}
