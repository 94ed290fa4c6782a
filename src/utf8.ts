/**
 * UTF-8 where bytes are cut anywhere: at the edge of a chunk, or at the start of a tail.
 * @module
 */
import { ExecError } from "./errors.ts";

/** The longest string V8 makes, in UTF-16 units; decoding never gives more units than there were bytes. */
export const LONGEST_STRING: number = 2 ** 29 - 24;

/**
 * Decodes a whole run of bytes. Invalid ones become U+FFFD; a byte order mark stays what it was: output. Made at the
 * first use, which the import then has not to pay for.
 */
let whole: InstanceType<typeof TextDecoder> | undefined;

/**
 * Text of bytes that begin and end between characters.
 * @param bytes anything; invalid UTF-8 gives replacement characters, never an exception
 * @throws {ExecError} `buffer_exceeded` when there are more than a string can hold
 */
export function decodeUtf8(bytes: Uint8Array): string {
  if (bytes.length > LONGEST_STRING) {
    const message =
      `${bytes.length} bytes are more than a string can hold (${LONGEST_STRING}): take them as bytes.`;
    throw new ExecError("buffer_exceeded", message, { details: { bytes: bytes.length } });
  }
  whole ??= new TextDecoder("utf-8", { ignoreBOM: true });
  return whole.decode(bytes);
}

/** Whether a byte goes on with a character that an earlier byte began. */
function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/**
 * How many bytes a character has that begins with these two; 1 when none does. The second byte, where it is known,
 * counts because some pairs begin no character: they would be overlong, surrogates, or beyond U+10FFFF.
 */
function characterLength(lead: number, second: number | undefined): number {
  if (lead < 0xc2 || lead > 0xf4) return 1;
  if (second !== undefined) {
    const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    if (second < lowest || second > highest) return 1;
  }
  return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/**
 * The first position from `at` on that is not inside a character: at most 3 further. Continuation bytes that belong
 * to no whole character are invalid wherever the cut is, so they don't move it.
 * @param bytes with the 3 bytes before `at` and the 3 from `at` on, as far as there are any
 * @param at where the cut would be
 */
export function characterStart(bytes: Uint8Array, at: number): number {
  let lead = at - 1;
  while (lead > at - 3 && isContinuation(bytes[lead])) lead--;
  if (lead < 0) return at;
  const end = lead + characterLength(bytes[lead]!, bytes[lead + 1]);
  for (let i = at; i < end; i++) if (!isContinuation(bytes[i])) return at;
  return Math.max(at, end);
}

/** How many bytes at the end, 0 to 3, begin a character that the bytes to come may complete. */
function unfinishedLength(bytes: Uint8Array): number {
  const end = bytes.length;
  let lead = end - 1;
  while (lead > end - 3 && isContinuation(bytes[lead])) lead--;
  if (lead < 0) return 0;
  return lead + characterLength(bytes[lead]!, bytes[lead + 1]) > end ? end - lead : 0;
}

/**
 * Decodes chunk after chunk, never cutting a character. It holds back unfinished bytes itself rather than ask
 * `TextDecoder` to: in Node 20 `stream: true` decodes ASCII at a sixth of the speed.
 */
export class Utf8Decoder {
  #held: Uint8Array | undefined;

  /**
   * The text that is certain so far; may be empty.
   * @param bytes the next ones, not kept
   */
  push(bytes: Uint8Array): string {
    let joined = bytes;
    if (this.#held !== undefined) {
      joined = new Uint8Array(this.#held.length + bytes.length);
      joined.set(this.#held);
      joined.set(bytes, this.#held.length);
    }
    const unfinished = unfinishedLength(joined);
    if (unfinished === 0) {
      this.#held = undefined;
      return decodeUtf8(joined);
    }
    // Not slice(): a Buffer's gives a view, which would keep all of the chunk and change with it.
    this.#held = new Uint8Array(joined.subarray(joined.length - unfinished));
    return decodeUtf8(joined.subarray(0, joined.length - unfinished));
  }

  /** What was held back for a rest that never came, as a replacement character; else the empty string. */
  end(): string {
    const held = this.#held;
    this.#held = undefined;
    return held === undefined ? "" : decodeUtf8(held);
  }
}
