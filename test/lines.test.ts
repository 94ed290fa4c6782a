import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ExecError } from "../src/errors.ts";
import { LineSplitter } from "../src/lines.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** The lines of all bytes at once: what every way of cutting them must give. */
function reference(bytes: Uint8Array): string[] {
  const lines = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes).split("\n");
  const rest = lines.pop()!;
  const ended = lines.map((line) => line.replace(/\r$/, ""));
  return rest === "" ? ended : [...ended, rest];
}

function split(chunks: Iterable<Uint8Array>): string[] {
  const splitter = new LineSplitter();
  const lines: string[] = [];
  for (const chunk of chunks) lines.push(...splitter.push(chunk));
  return [...lines, ...splitter.end()];
}

/** Cuts bytes at the given positions. */
function cut(bytes: Uint8Array, positions: number[]): Uint8Array[] {
  const edges = [0, ...positions, bytes.length];
  return edges.slice(1).map((edge, i) => bytes.slice(edges[i], edge));
}

const TEXT =
  "plain\r\ngrüße, 世界 😀\n\n\r\n\rlone \r inside\r\n👩‍👩‍👧 family\n\uFEFFmark\r\r\nlast, without newline é";

describe("lines", () => {
  it.each([
    ["nothing", "", []],
    ["one newline is one empty line", "\n", [""]],
    ["a last line with newline", "a\nb\n", ["a", "b"]],
    ["a last line without newline", "a\nb", ["a", "b"]],
    ["CRLF", "a\r\nb\r\n\r\n", ["a", "b", ""]],
    ["a lone CR is no boundary", "a\rb\r", ["a\rb\r"]],
    ["of two CRs only the last belongs to the newline", "a\r\r\n", ["a\r"]],
    ["other separators are text", "a\u2028b\u0085c\vd\fe\n", ["a\u2028b\u0085c\vd\fe"]],
    ["a byte order mark stays", "\uFEFFa\n\uFEFFb\n", ["\uFEFFa", "\uFEFFb"]],
    ["NUL is text", "a\0b\n", ["a\0b"]],
  ])("%s", (_name, text, lines) => {
    expect(split([encode(text)])).toEqual(lines);
  });

  it("are the same for every position of one cut", () => {
    const bytes = encode(TEXT);
    for (let at = 0; at <= bytes.length; at++) {
      expect(split(cut(bytes, [at])), `cut at ${at}`).toEqual(reference(bytes));
    }
  });

  it("are the same for every pair of cuts", () => {
    for (const text of ["é\r\n😀\r\r\n\n世\r", TEXT]) {
      const bytes = encode(text);
      for (let a = 0; a <= bytes.length; a++) {
        for (let b = a; b <= bytes.length; b++) {
          expect(split(cut(bytes, [a, b])), `cut at ${a} and ${b}`).toEqual(reference(bytes));
        }
      }
    }
  });

  it("are the same byte by byte", () => {
    const bytes = encode(TEXT);
    expect(split(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(reference(bytes));
  });

  it("come from any bytes in any chunks, without an exception", () => {
    const interesting = fc.constantFrom(
      0x0a,
      0x0d,
      0x61,
      0x80,
      0xbf,
      0xc3,
      0xe2,
      0x82,
      0xac,
      0xed,
      0xf0,
      0x9f,
      0xff,
    );
    const chunk = fc.oneof(
      fc.array(interesting, { maxLength: 12 }).map((bytes) => Uint8Array.from(bytes)),
      fc.uint8Array({ maxLength: 20 }),
      fc.string({ unit: "binary" }).map(encode),
    );
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 12 }), (chunks) => {
        expect(split(chunks)).toEqual(reference(Uint8Array.from(chunks.flatMap((bytes) => [...bytes]))));
      }),
      { numRuns: 2000 },
    );
  });

  it("arrive with the chunk that ends them", () => {
    const splitter = new LineSplitter();
    expect(splitter.push(encode("a\nb"))).toEqual(["a"]);
    expect(splitter.push(encode("c\r"))).toEqual([]);
    expect(splitter.push(encode("\nd\ne"))).toEqual(["bc", "d"]);
    expect(splitter.push(new Uint8Array(0))).toEqual([]);
    expect(splitter.end()).toEqual(["e"]);
    expect(splitter.end()).toEqual([]);
  });

  it("are the same in one chunk much larger than the block decoded at a time", () => {
    // 7 bytes a line and a prefix of each length shift every part of a line across the block's edge.
    for (let shift = 0; shift < 7; shift++) {
      const bytes = encode("x".repeat(shift) + "é世\r\n".repeat(30_000) + "é世");
      expect(split([bytes])).toEqual(reference(bytes));
    }
  });

  it("don't depend on what the caller does with the chunk afterwards", () => {
    const splitter = new LineSplitter();
    const chunk = encode("abc");
    splitter.push(chunk);
    chunk.fill(0x58);
    expect(splitter.push(encode("\n"))).toEqual(["abc"]);
  });

  it("of many megabytes in many chunks take linear time", () => {
    // Joining at every chunk would copy 128 GiB here and run into the test's timeout.
    const splitter = new LineSplitter();
    const chunk = new Uint8Array(1024).fill(0x61);
    let early = 0;
    for (let i = 0; i < 16_384; i++) early += splitter.push(chunk).length;
    expect(early).toBe(0);
    expect(splitter.push(encode("\nb\n")).map((line) => line.length)).toEqual([2 ** 24, 1]);
  });

  it("that never end are an error before memory runs out", () => {
    const splitter = new LineSplitter(1000);
    const push = () => {
      for (let i = 0; i <= 10; i++) splitter.push(new Uint8Array(100).fill(0x61));
    };
    expect(push).toThrow(ExecError);
    expect(push).toThrow(expect.objectContaining({ reason: "buffer_exceeded", details: { maxLine: 1000 } }));
    expect(push).toThrow("1000 bytes");
  });
});
