/**
 * Bytes as text that can be edited and turned back, also where they are no UTF-8.
 * @module
 */
import { decodeUtf8 } from "../../utf8.ts";
import { joinBytes, sameBytes } from "../bytes.ts";

const encoder = new TextEncoder();

/** The text of bytes, when they are UTF-8. */
export function utf8Text(bytes: Uint8Array): string | undefined {
  const text = decodeUtf8(bytes);
  return sameBytes(encoder.encode(text), bytes) ? text : undefined;
}

/** The bytes, edited as text; a byte that belongs to no character is a lone surrogate, U+DC00 and its value. */
export function editBytes(bytes: Uint8Array, edit: (text: string) => string): Uint8Array {
  const text = utf8Text(bytes);
  return text === undefined ? fromLossless(edit(toLossless(bytes))) : encoder.encode(edit(text));
}

/** The lowest byte that can be no character, as a lone surrogate; with the pattern that finds them. */
const LONE = 0xdc00;
const LONE_PATTERN = /[\udc80-\udcff]+/gu;

function toLossless(bytes: Uint8Array): string {
  const parts: string[] = [];
  let start = 0;
  for (let at = 0; at < bytes.length;) {
    const length = characterLength(bytes, at);
    if (length > 0) at += length;
    else {
      parts.push(decodeUtf8(bytes.subarray(start, at)), String.fromCharCode(LONE + bytes[at]!));
      start = ++at;
    }
  }
  parts.push(decodeUtf8(bytes.subarray(start)));
  return parts.join("");
}

function fromLossless(text: string): Uint8Array {
  const parts: Uint8Array[] = [];
  let start = 0;
  for (const { 0: lone, index } of text.matchAll(LONE_PATTERN)) {
    parts.push(encoder.encode(text.slice(start, index)));
    parts.push(Uint8Array.from(lone, (unit) => unit.charCodeAt(0) - LONE));
    start = index + lone.length;
  }
  parts.push(encoder.encode(text.slice(start)));
  return joinBytes(parts);
}

/** How many bytes the character at a place has; 0 where there is none. */
function characterLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!;
  if (lead < 0x80) return 1;
  const length = lead < 0xc2 || lead > 0xf4 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  const second = bytes[at + 1] ?? 0;
  const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (length === 0 || second < lowest || second > highest) return 0;
  for (let i = 2; i < length; i++) if ((bytes[at + i] ?? 0) >> 6 !== 2) return 0;
  return length;
}
