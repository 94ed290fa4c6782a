/**
 * How many cases a fuzz test tries: FUZZ_RUNS, by default few enough for every run of the tests.
 */
import process from "node:process";
import fc from "fast-check";

/** Cases a test tries. */
export const RUNS = Number(process.env["FUZZ_RUNS"] ?? 1000);

/** Parameters for fast-check. A failure says by which seed and path it is had again. */
export const parameters = { numRuns: RUNS, endOnFailure: RUNS > 10_000 };

/** Bytes that matter to lines and UTF-8, far more often than chance would bring them. */
const byte = fc.oneof(
  fc.constantFrom(
    0x0a,
    0x0d,
    0x61,
    0x80,
    0xbf,
    0xc1,
    0xc3,
    0xa9,
    0xe2,
    0x82,
    0xac,
    0xed,
    0xa0,
    0xf0,
    0x9f,
    0x98,
    0xff,
  ),
  fc.nat(255),
);

/** Chunks of any bytes, some of them empty. */
export const chunks: fc.Arbitrary<Uint8Array[]> = fc.array(
  fc.array(byte, { maxLength: 12 }).map((bytes) => Uint8Array.from(bytes)),
  { maxLength: 10 },
);

/** All of them as one. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** The same bytes, cut elsewhere. */
export function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = Math.max(1, sizes[i % sizes.length] ?? 1);
    parts.push(bytes.slice(at, at + size));
    at += size;
  }
  return parts;
}
