import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeUtf8, LONGEST_STRING, Utf8Decoder } from "../src/utf8.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);

/** Some backends deliver Buffers, whose slice() is a view and no copy. */
class BufferLike extends Uint8Array {
  override slice(start?: number, end?: number): this {
    return this.subarray(start, end) as this;
  }
}

function pieces(chunks: Iterable<Uint8Array>): string[] {
  const decoder = new Utf8Decoder();
  const texts: string[] = [];
  for (const chunk of chunks) texts.push(decoder.push(chunk));
  return [...texts, decoder.end()];
}

describe("text as it arrives", () => {
  const TEXT = "\uFEFFgrüße 世界 😀\r\n👩‍👩‍👧\uFEFFé";

  it("is never cut inside a character, wherever the chunks are cut", () => {
    const bytes = encode(TEXT);
    for (let a = 0; a <= bytes.length; a++) {
      for (let b = a; b <= bytes.length; b++) {
        const texts = pieces([bytes.slice(0, a), bytes.slice(a, b), bytes.slice(b)]);
        expect(texts.join(""), `cut at ${a} and ${b}`).toBe(TEXT);
        expect(texts.filter((text) => text.includes("\uFFFD"))).toEqual([]);
      }
    }
  });

  it("holds back no more than the character that is unfinished", () => {
    const decoder = new Utf8Decoder();
    const [f0, ...rest] = encode("😀");
    expect(decoder.push(Uint8Array.of(0x61, f0!))).toBe("a");
    expect(rest.map((byte) => decoder.push(Uint8Array.of(byte)))).toEqual(["", "", "😀"]);
    expect(decoder.push(new Uint8Array(0))).toBe("");
    expect(decoder.end()).toBe("");
  });

  it("shows at once, as replacement characters, what no further byte can complete", () => {
    const decoder = new Utf8Decoder();
    for (
      const bytes of [[0x80], [0xc0], [0xc1], [0xff], [0xf5], [0xe0, 0x80], [0xed, 0xa0], [0xf0, 0x80], [
        0xf4,
        0x90,
      ]]
    ) {
      expect(decoder.push(Uint8Array.from(bytes))).toBe("\uFFFD".repeat(bytes.length));
    }
  });

  it("ends with a replacement character when the last character is unfinished", () => {
    expect(pieces([encode("a😀").subarray(0, 4)])).toEqual(["a", "\uFFFD"]);
  });

  it("is, of any bytes in any chunks, what decoding all of them gives", () => {
    const interesting = fc.constantFrom(
      ...[
        0x61,
        0x80,
        0x8f,
        0x90,
        0x9f,
        0xa0,
        0xbf,
        0xc1,
        0xc2,
        0xe0,
        0xe2,
        0xed,
        0xef,
        0xf0,
        0xf1,
        0xf4,
        0xf5,
      ],
    );
    const chunk = fc.oneof(fc.array(interesting, { maxLength: 6 }), fc.array(fc.nat(255), { maxLength: 20 }));
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 12 }), (chunks) => {
        const texts = pieces(chunks.map((bytes) => Uint8Array.from(bytes)));
        expect(texts.join("")).toBe(decode(Uint8Array.from(chunks.flat())));
      }),
      { numRuns: 2000 },
    );
  });

  it("doesn't depend on what the caller does with the chunk afterwards", () => {
    const decoder = new Utf8Decoder();
    const chunk = BufferLike.from(encode("a😀").subarray(0, 3));
    expect(decoder.push(chunk)).toBe("a");
    chunk.fill(0x58);
    expect(decoder.push(encode("😀").subarray(2))).toBe("😀");
  });
});

it("text of more bytes than a string can hold is buffer_exceeded, and no error of the runtime", () => {
  // Memory that nobody writes to is none that is taken.
  const bytes = new Uint8Array(LONGEST_STRING + 1);
  expect(() => decodeUtf8(bytes)).toThrow(expect.objectContaining({ reason: "buffer_exceeded" }));
});
