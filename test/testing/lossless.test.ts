import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { editBytes } from "../../src/testing/cassette/lossless.ts";

/** Bytes in which whole, cut and impossible characters meet. */
const mixed = fc.array(fc.oneof(
  fc.uint8Array({ maxLength: 4 }),
  fc.string({ unit: "binary", maxLength: 4 }).map((text) => new TextEncoder().encode(text)),
  fc.constantFrom("ä", "€", "😀", "\ufeff", "\u0000").chain((text) => {
    const bytes = new TextEncoder().encode(text);
    return fc.nat(bytes.length).map((length) => bytes.slice(0, length));
  }),
)).map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])));

describe("bytes as text", () => {
  it("come back as they were", () => {
    fc.assert(fc.property(mixed, (bytes) => {
      expect([...editBytes(bytes, (text) => text)]).toEqual([...bytes]);
    }));
  });

  it("are edited where they are text, whatever stands before and behind", () => {
    const secret = new TextEncoder().encode("pässword😀");
    fc.assert(fc.property(mixed, mixed, (before, behind) => {
      // A character cut short before it would take its first bytes for its own, and is ended by a space.
      const bytes = Uint8Array.from([...before, 32, ...secret, ...behind]);
      const edited = editBytes(bytes, (text) => text.replaceAll("pässword😀", "*"));
      expect([...edited]).toEqual([...before, 32, 42, ...behind]);
    }));
  });
});
