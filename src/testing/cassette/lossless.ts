/**
 * Bytes as text that can be edited and turned back, also where they are no UTF-8.
 * @module
 */
import { decodeUtf8 } from "../../utf8.ts";
import { sameBytes } from "../bytes.ts";

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

/** What is added to a byte that belongs to no character: the sum is a lone surrogate. */
const LONE = 0xdc00;
/** Code units that can be arguments of one call. */
const UNITS_A_CALL = 8_192;

function toLossless(bytes: Uint8Array): string {
  const units = new Uint16Array(bytes.length);
  let end = 0;
  for (let at = 0; at < bytes.length;) {
    const length = characterLength(bytes, at);
    if (length <= 1) units[end++] = (length === 1 ? 0 : LONE) + bytes[at]!;
    else {
      let point = bytes[at]! & (0x7f >> length);
      for (let i = 1; i < length; i++) point = point << 6 | bytes[at + i]! & 0x3f;
      if (length === 4) units[end++] = 0xd800 + (point - 0x10000 >> 10);
      units[end++] = length === 4 ? LONE + (point & 0x3ff) : point;
    }
    at += Math.max(1, length);
  }
  const parts: string[] = [];
  for (let at = 0; at < end; at += UNITS_A_CALL) {
    parts.push(String.fromCharCode(...units.subarray(at, Math.min(end, at + UNITS_A_CALL))));
  }
  return parts.join("");
}

function fromLossless(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 3);
  let end = 0;
  for (let at = 0; at < text.length; at++) {
    const point = text.codePointAt(at)!;
    if (point < 0x80) bytes[end++] = point;
    else if (point >= LONE + 0x80 && point <= LONE + 0xff) bytes[end++] = point - LONE;
    else {
      const character = String.fromCodePoint(point);
      end += encoder.encodeInto(character, bytes.subarray(end)).written;
      at += character.length - 1;
    }
  }
  return bytes.slice(0, end);
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
