import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Tail } from "../src/tail.ts";
import { LF, reference } from "./support/tail_reference.ts";

const encode = (text: string) => new TextEncoder().encode(text);

const KIB = 1024;
const MIB = 1024 * KIB;

/** Some backends deliver Buffers, whose slice() is a view and no copy. */
class BufferLike extends Uint8Array {
  override slice(start?: number, end?: number): this {
    return this.subarray(start, end) as this;
  }
}

function tailOf(chunks: Iterable<Uint8Array>, limit: number): Tail {
  const tail = new Tail(limit);
  for (const chunk of chunks) tail.push(chunk);
  return tail;
}

function expectTail(tail: Tail, bytes: Uint8Array, limit: number, what = ""): void {
  const text = tail.text();
  const expected = {
    output: reference(bytes, limit),
    truncated: bytes.length > limit,
    totalBytes: bytes.length,
  };
  // One comparison of strings is much faster than expect, and there are many thousands.
  if (
    text.output !== expected.output || text.truncated !== expected.truncated ||
    text.totalBytes !== bytes.length
  ) {
    expect(text, `limit ${limit} of ${bytes.length} bytes ${what}`).toEqual(expected);
  }
}

function join(chunks: Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

describe("the tail of much output", () => {
  it.each([
    ["a\nbb\ncccc\n", 8, "bb\ncccc\n", "8B of 10B"],
    ["a\nbb\ncccc\n", 7, "cccc\n", "5B of 10B"],
    ["a\nbb\ncccc\n", 5, "cccc\n", "5B of 10B"],
    ["a\nbb\ncccc\n", 4, "ccc\n", "4B of 10B"],
    ["a\nbb\ncccc\n", 1, "\n", "1B of 10B"],
    ["a\n\n", 2, "\n", "1B of 3B"],
    ["a\nb\r\nc", 3, "c", "1B of 6B"],
    ["é世😀", 8, "世😀", "7B of 9B"],
    ["é世😀", 6, "😀", "4B of 9B"],
    ["é世😀", 3, "", "0B of 9B"],
  ])("%j cut to %i bytes is %j", (text, limit, shown, sizes) => {
    const output = `...(truncated, showing last ${sizes})\n${shown}`;
    expect(tailOf([encode(text)], limit).text()).toEqual({
      output,
      truncated: true,
      totalBytes: encode(text).length,
    });
  });

  it("is what the plain rules give, for every offset of a multi-byte text and every limit", () => {
    const all = encode("grüße\n世界 😀\n\n👩‍👩‍👧é\r\n\uFEFFmark and a line that goes on 😀世é\nlast\n");
    for (let offset = 0; offset < all.length; offset++) {
      const bytes = all.slice(offset);
      for (let limit = 1; limit <= bytes.length; limit++) {
        expectTail(tailOf([bytes], limit), bytes, limit, `from ${offset}`);
        expectTail(
          tailOf(Array.from(bytes, (byte) => Uint8Array.of(byte)), limit),
          bytes,
          limit,
          `from ${offset}`,
        );
      }
    }
  });

  it("is the same for every way to cut the output into chunks", () => {
    const bytes = encode("a\né世\n😀b");
    const gaps = bytes.length - 1;
    for (let cuts = 0; cuts < 2 ** gaps; cuts++) {
      const chunks: Uint8Array[] = [];
      let start = 0;
      for (let i = 1; i <= bytes.length; i++) {
        if (i < bytes.length && (cuts >> (i - 1) & 1) === 0) continue;
        chunks.push(bytes.slice(start, i));
        start = i;
      }
      for (let limit = 0; limit <= bytes.length; limit++) {
        expectTail(tailOf(chunks, limit), bytes, limit, `${chunks}`);
      }
    }
  });

  it("is the same for chunks and limits of every size, in the middle as at the end", () => {
    const chunk = fc.record({
      length: fc.oneof(fc.nat(5), fc.nat(3000), fc.integer({ min: 16_000, max: 70_000 })),
      text: fc.constantFrom("x", "abc\n", "é世😀", "line of text 世界\r\n", "\n"),
      room: fc.constantFrom(0, 1, 100_000),
      copied: fc.boolean(),
    }).map(({ length, text, room, copied }) => {
      const bytes = encode(text.repeat(Math.ceil(length / text.length))).subarray(0, length);
      const buffer = new Uint8Array(length + room);
      buffer.set(bytes, room);
      return { chunk: buffer.subarray(room), copied };
    });
    const pushAll = (tail: Tail, pieces: readonly { chunk: Uint8Array; copied: boolean }[]) => {
      for (const { chunk, copied } of pieces) {
        if (!copied) tail.push(chunk);
        else {
          const others = chunk.slice();
          tail.pushCopy(others);
          others.fill(0x21);
        }
      }
    };
    const bytesOf = (pieces: readonly { chunk: Uint8Array }[]) => join(pieces.map(({ chunk }) => chunk));
    const limit = fc.oneof(fc.nat(10), fc.nat(5000), fc.nat(200_000));
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 20 }), limit, fc.nat(20), (chunks, limit, middle) => {
        const tail = new Tail(limit);
        pushAll(tail, chunks.slice(0, middle));
        expectTail(tail, bytesOf(chunks.slice(0, middle)), limit);
        pushAll(tail, chunks.slice(middle));
        expectTail(tail, bytesOf(chunks), limit);
      }),
      { numRuns: 200 },
    );
  });

  it("is what the plain rules give for bytes that are no text, without an exception", () => {
    const byte = fc.oneof(
      fc.constantFrom(
        LF,
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
        0xf0,
        0xf4,
        0xff,
      ),
      fc.nat(255),
    );
    const bytes = fc.array(byte, { maxLength: 24 }).map((bytes) => Uint8Array.from(bytes));
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 4 }), fc.nat(60), (chunks, limit) => {
        expectTail(tailOf(chunks, limit), join(chunks), limit);
      }),
      { numRuns: 5000 },
    );
  });

  it("never splits a character that lies across two chunks kept as they are", () => {
    for (let inFirst = 1; inFirst < 4; inFirst++) {
      const bytes = encode("x".repeat(20_000) + "😀" + "y".repeat(20_000));
      const chunks = [bytes.slice(0, 20_000 + inFirst), bytes.slice(20_000 + inFirst)];
      for (let limit = 19_999; limit <= 20_005; limit++) expectTail(tailOf(chunks, limit), bytes, limit);
    }
  });

  it("skips no byte that belongs to no character", () => {
    expect(tailOf([new Uint8Array(10).fill(0x80)], 5).text().output)
      .toBe("...(truncated, showing last 5B of 10B)\n" + "\uFFFD".repeat(5));
  });

  it("cuts nothing at exactly the limit, and one byte more says so", () => {
    const bytes = encode("one\ntwo\n");
    expect(tailOf([bytes], 8).text()).toEqual({ output: "one\ntwo\n", truncated: false, totalBytes: 8 });
    expect(tailOf([bytes, encode("3")], 8).text())
      .toEqual({ output: "...(truncated, showing last 5B of 9B)\ntwo\n3", truncated: true, totalBytes: 9 });
  });

  it("of one line longer than the limit is that line's end", () => {
    const tail = tailOf(Array.from({ length: 50 }, () => new Uint8Array(KIB).fill(0x61)), 2 * KIB);
    tail.push(encode("\n"));
    expect(tail.text().output).toBe(
      `...(truncated, showing last 2.0KB of 50.0KB)\n${"a".repeat(2 * KIB - 1)}\n`,
    );
  });

  it("has a byte order mark where the output has one", () => {
    expect(tailOf([encode("\uFEFFa")], 100).text().output).toBe("\uFEFFa");
    expect(tailOf([encode("a\n\uFEFFb")], 4).text().output).toBe(
      "...(truncated, showing last 4B of 6B)\n\uFEFFb",
    );
  });

  it("of nothing is nothing", () => {
    for (const limit of [0, 1, Infinity]) {
      expect(tailOf([], limit).text()).toEqual({ output: "", truncated: false, totalBytes: 0 });
      expect(tailOf([new Uint8Array(0)], limit).text()).toEqual({
        output: "",
        truncated: false,
        totalBytes: 0,
      });
    }
  });

  it("with limit 0 keeps nothing and says so", () => {
    const tail = tailOf([encode("x".repeat(48_845))], 0);
    expect(tail.text())
      .toEqual({
        output: "...(truncated, showing last 0B of 47.7KB)\n",
        truncated: true,
        totalBytes: 48_845,
      });
    expect(tail.heldBytes).toBe(0);
  });

  it("with limit Infinity is everything", () => {
    const line = "all of it, é世😀\n";
    const bytes = encode(line.repeat(10_000));
    const chunks = Array.from(
      { length: Math.ceil(bytes.length / 777) },
      (_, i) => bytes.slice(i * 777, (i + 1) * 777),
    );
    const text = tailOf(chunks, Infinity).text();
    expect(text.output === line.repeat(10_000)).toBe(true);
    expect(text).toMatchObject({ truncated: false, totalBytes: bytes.length });
  });

  it("can be looked at while output goes on", () => {
    const tail = new Tail(6);
    tail.push(encode("one\ntw"));
    expect(tail.text().output).toBe("one\ntw");
    tail.push(encode("o\n"));
    expect(tail.text().output).toBe("...(truncated, showing last 4B of 8B)\ntwo\n");
    expect(tail.text().output).toBe("...(truncated, showing last 4B of 8B)\ntwo\n");
    tail.push(encode("3\n"));
    expect(tail.text().output).toBe("...(truncated, showing last 6B of 10B)\ntwo\n3\n");
    expect(tail.totalBytes).toBe(10);
  });
});

describe("the notice", () => {
  // The same chunk again and again: gigabytes that cost nothing.
  const noticeFor = (total: number) => {
    const tail = new Tail(196);
    const chunk = new Uint8Array(MIB).fill(0x61);
    for (let left = total; left > 0; left -= chunk.length) {
      tail.push(left < MIB ? chunk.subarray(0, left) : chunk);
    }
    return tail.text().output.split("\n")[0];
  };

  it.each([
    [1023, "1023B"],
    [1024, "1.0KB"],
    [48_845, "47.7KB"],
    [MIB - 52, "1023.9KB"],
    [MIB - 51, "1.0MB"],
    [MIB, "1.0MB"],
    [1.5 * MIB, "1.5MB"],
    [1024 * MIB - 1, "1.0GB"],
    [2.5 * 1024 * MIB, "2.5GB"],
  ])("says %i bytes as %s", (total, size) => {
    expect(noticeFor(total)).toBe(`...(truncated, showing last 196B of ${size})`);
  });
});

describe("the memory of a tail", () => {
  const LIMIT = 50_000;
  const dense = (size: number) => new Uint8Array(size).fill(0x61);

  it.each<[string, number, number, (i: number) => Uint8Array]>([
    ["large chunks", 64 * KIB, 4096, () => dense(64 * KIB)],
    ["chunks much larger than the limit", 64 * KIB, 64, () => dense(MIB)],
    ["chunks just small enough to copy", 16 * KIB, 4096, () => dense(16 * KIB - 1)],
    ["lines", 16 * KIB, 100_000, () => dense(80)],
    ["single bytes", 16 * KIB, 200_000, () => dense(1)],
    ["large chunks and single bytes in turn", 64 * KIB, 4096, (i) => dense(i % 2 === 0 ? 64 * KIB : 1)],
    ["small views of large buffers", 64 * KIB, 4096, () => dense(64 * KIB).subarray(0, 100)],
    ["larger views of large buffers", 64 * KIB, 1024, () => dense(MIB).subarray(0, 20_000)],
    ["the same as Buffers", 64 * KIB, 1024, () => new BufferLike(MIB).subarray(0, 20_000)],
  ])("is the limit and little more, whatever the total: %s", (_name, chunkBytes, count, next) => {
    const tail = new Tail(LIMIT);
    let most = 0;
    for (let i = 0; i < count; i++) {
      tail.push(next(i));
      if (i % 16 < 2) most = Math.max(most, tail.heldBytes);
    }
    expect(most).toBeGreaterThan(LIMIT);
    expect(most).toBeLessThanOrEqual(LIMIT + chunkBytes + 32 * KIB);
  });

  it("is the limit and little more where chunks are copied, and then no more of them", () => {
    const tail = new Tail(LIMIT);
    for (let i = 0; i < 1_000; i++) tail.pushCopy(dense(64 * KIB));
    expect(tail.heldBytes).toBeLessThanOrEqual(2 * 64 * KIB);
    for (let i = 0; i < 1_000; i++) tail.push(dense(64 * KIB));
    expect(tail.heldBytes).toBeLessThanOrEqual(3 * 64 * KIB);
  });

  it("is bounded by a large limit too, and pushing stays linear", () => {
    // Copying what is kept at each push would take hours here.
    const tail = new Tail(256 * MIB);
    const chunk = dense(16 * KIB);
    const byte = dense(1);
    for (let i = 0; i < 131_072; i++) {
      tail.push(chunk);
      tail.push(byte);
    }
    expect(tail.totalBytes).toBe(2048 * MIB + 131_072);
    expect(tail.heldBytes).toBeLessThanOrEqual(257 * MIB);
  });
});
