/**
 * The bytes that go through the pipes: each place of a text has a value of its own, so that a byte which is lost,
 * doubled or moved is seen. The command in child.c writes the same.
 * @module
 */
import { Buffer } from "node:buffer";

/** Bytes after which the text repeats; a prime, so that no size of a buffer or a pipe divides it. */
export const PERIOD = 65521;

/** What a text is made of: any bytes, or lines of ASCII. */
export type Kind = "binary" | "text";

const tables: Record<Kind, Buffer> = { binary: table("binary"), text: table("text") };

function table(kind: Kind): Buffer {
  const bytes = Buffer.alloc(2 * PERIOD);
  let x = 2463534242;
  for (let i = 0; i < PERIOD; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    const random = x >>> 24;
    bytes[i] = kind === "binary" ? random : random < 6 ? 10 : 32 + random % 95;
  }
  bytes.copy(bytes, PERIOD, 0, PERIOD);
  return bytes;
}

/** A text: its bytes from `offset` on. */
export interface Text {
  readonly kind: Kind;
  readonly offset: number;
}

/** `size` bytes of a text from `from` on. */
export function textBytes({ kind, offset }: Text, size: number, from = 0): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size;) {
    const start = (offset + from + at) % PERIOD;
    const part = tables[kind].subarray(start, start + Math.min(PERIOD, size - at));
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Where bytes first differ from a text; `undefined` when they are its beginning. */
export function firstDifference(bytes: Uint8Array, text: Text, from = 0): number | undefined {
  for (let at = 0; at < bytes.length;) {
    const start = (text.offset + from + at) % PERIOD;
    const size = Math.min(PERIOD, bytes.length - at);
    if (
      Buffer.compare(bytes.subarray(at, at + size), tables[text.kind].subarray(start, start + size)) !== 0
    ) {
      for (let i = 0; i < size; i++) if (bytes[at + i] !== tables[text.kind][start + i]) return at + i;
    }
    at += size;
  }
  return undefined;
}

/** The checksum (FNV-1a, 32 bits) that the command makes of what it reads. */
export function checksum(bytes: Uint8Array): number {
  let hash = 2166136261;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 16777619);
  return hash >>> 0;
}
