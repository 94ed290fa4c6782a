/**
 * What a reader sees of a stream: bytes, text, lines, and what stopping early means.
 */
import { Buffer } from "node:buffer";
import { setImmediate as turn } from "node:timers/promises";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LinesOptions, Stream } from "../src/stream.ts";
import { settle } from "./support/manual_clock.ts";
import { failure, outcome } from "./support/outcome.ts";
import { runningScene } from "./support/scene.ts";
import { bytesOf, patternFrom } from "./support/scripted_backend.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A process that wrote these chunks to stdout and exited. */
async function written(...chunks: (string | Uint8Array)[]) {
  const running = await runningScene();
  const stream = running.process.stdoutStream();
  running.child.out.push(...chunks);
  running.child.exitWith(0);
  return { ...running, stream };
}

/** A process that runs and whose stdout is asked for. */
async function flowing() {
  const running = await runningScene();
  return { ...running, stream: running.process.stdoutStream() };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  return decoder.decode(Buffer.concat(await all(chunks)));
}

/** The text in two chunks, cut at every byte. */
function cuts(text: string): [Uint8Array, Uint8Array][] {
  const bytes = bytesOf(text);
  return Array.from({ length: bytes.length + 1 }, (_, at) => [bytes.slice(0, at), bytes.slice(at)]);
}

const TEXT = "plain\r\ngrüße, 世界 😀\n\n\r\n\rlone \r inside\r\n👩‍👩‍👧\n\uFEFFmark\r\r\nlast, without newline é";
const LINES = [
  "plain",
  "grüße, 世界 😀",
  "",
  "",
  "\rlone \r inside",
  "👩‍👩‍👧",
  "\uFEFFmark\r",
  "last, without newline é",
];

describe("read", () => {
  it("gives at most the size asked for, and every byte once, in order", async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
    const chunks = fc.array(fc.uint8Array({ maxLength: 12 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(chunks, sizes, async (chunks, sizes) => {
        const { stream } = await written(...chunks);
        const got: number[] = [];
        for (let turn = 0;; turn++) {
          const size = sizes[turn % sizes.length]!;
          const piece = await stream.read(size);
          if (piece === null) break;
          expect(piece.length).toBeGreaterThan(0);
          expect(piece.length).toBeLessThanOrEqual(size);
          got.push(...piece);
        }
        expect(got).toEqual(chunks.flatMap((chunk) => [...chunk]));
      }),
      { numRuns: 200 },
    );
  });

  it("that waits is limited as well, and the rest is there for the next", async () => {
    const { child, stream } = await flowing();
    const first = stream.read(4);
    child.out.push("0123456789");
    expect(await first).toEqual(bytesOf("0123"));
    expect(await stream.read(100)).toEqual(bytesOf("456789"));
    expect(await outcome(() => stream.read())).toBe("(pending)");
  });

  it("without a size gives bytes as they come", async () => {
    const { stream } = await written("one", "two");
    expect(await stream.read()).toEqual(bytesOf("one"));
    expect(await stream.read()).toEqual(bytesOf("two"));
  });

  it("gives null at the end, as often as it is asked", async () => {
    const { stream } = await written("x");
    await stream.read();
    expect([await stream.read(), await stream.read(1), await stream.read()]).toEqual([null, null, null]);
  });

  it("takes no empty chunk for the end", async () => {
    const { stream } = await written("", "a", new Uint8Array(0), "b");
    expect(await stream.text()).toBe("ab");
  });

  it("gives what was written before the exit, though it is first asked for long after", async () => {
    const { process, child, clock } = await runningScene();
    child.out.push("early");
    child.exitWith(0);
    await process.wait();
    await clock.advance(3_600_000);
    expect(await process.stdoutStream().text()).toBe("early");
    expect(process.stdoutStream().complete).toBe(true);
  });

  it.each([0, -1, 1.5, NaN, -Infinity, "4", null, {}, 4n])("refuses the size %s", async (size) => {
    const { stream } = await written("abc");
    const error = await failure(stream.read(size as number));
    expect(error).toMatchObject({ kind: "INVALID", reason: "invalid_option" });
    expect(error.message).toMatch(/^read takes a positive whole number of bytes, got /);
    expect(await stream.text()).toBe("abc");
  });

  it("fails with what the backend failed with, after the bytes that came before", async () => {
    const { child, stream } = await flowing();
    const cause = new Error("connection reset");
    child.out.push("before").fail(cause);
    expect(await stream.read()).toEqual(bytesOf("before"));
    const error = await failure(stream.read());
    expect(error).toMatchObject({ kind: "INTERNAL", reason: "internal", cause });
    expect(error.message).toContain("Reading stdout");
    expect(await failure(stream.text())).toBe(error);
    expect([stream.complete, child.out.closed]).toEqual([false, true]);
  });
});

describe("what read gives is the reader's to keep", () => {
  // A backend may hand over a Buffer, whose slices are views of one another.
  const kinds: [name: string, make: (bytes: Uint8Array) => Uint8Array][] = [
    ["Uint8Array", (bytes) => bytes],
    [
      "view of a larger buffer",
      (bytes) => new Uint8Array(Uint8Array.of(9, ...bytes, 9).buffer, 1, bytes.length),
    ],
    ["Buffer", (bytes) => Buffer.from(Uint8Array.from(bytes).buffer)],
  ];

  describe.each(kinds)("out of a %s", (_, make) => {
    it("may be overwritten", async () => {
      const { stream } = await written(make(patternFrom(0, 10)), make(patternFrom(10, 10)));
      const got: number[] = [];
      for (let piece = await stream.read(3); piece !== null; piece = await stream.read(3)) {
        got.push(...piece);
        new Uint8Array(piece.buffer).fill(0xff, piece.byteOffset, piece.byteOffset + piece.byteLength);
      }
      expect(got).toEqual([...patternFrom(0, 20)]);
    });

    it("may be transferred", async () => {
      const { stream } = await written(make(patternFrom(0, 10)), make(patternFrom(10, 10)));
      const got: number[] = [];
      for (let piece = await stream.read(3); piece !== null; piece = await stream.read(3)) {
        const moved = structuredClone(piece, { transfer: [piece.buffer as ArrayBuffer] });
        expect(piece.length).toBe(0);
        got.push(...moved);
      }
      expect(got).toEqual([...patternFrom(0, 20)]);
    });

    it("is a plain Uint8Array", async () => {
      const { stream } = await written(make(patternFrom(0, 10)), make(patternFrom(10, 10)));
      expect((await stream.read(3))!.constructor).toBe(Uint8Array);
      expect((await stream.read())!.constructor).toBe(Uint8Array);
      expect((await stream.bytes()).constructor).toBe(Uint8Array);
    });
  });

  it("also where the beginning of a stream nobody asked for was kept", async () => {
    const { process, child } = await runningScene();
    const chunk = Buffer.from(patternFrom(0, (1 << 20) + 10).buffer as ArrayBuffer);
    child.out.push(chunk);
    await settle();
    const first = (await process.stdoutStream().read())!;
    structuredClone(first, { transfer: [first.buffer as ArrayBuffer] });
    expect(chunk.length).toBe((1 << 20) + 10);
  });
});

describe("text", () => {
  it("is right wherever a character is cut", async () => {
    for (const [head, tail] of cuts(TEXT)) {
      expect(await (await written(head, tail)).stream.text(), `cut at ${head.length}`).toBe(TEXT);
    }
  });

  it("is right byte by byte", async () => {
    const { stream } = await written(...Array.from(bytesOf(TEXT), (byte) => Uint8Array.of(byte)));
    expect(await stream.text()).toBe(TEXT);
  });

  it("has U+FFFD for what is not UTF-8, and keeps a byte order mark", async () => {
    const { stream } = await written("\uFEFFa", Uint8Array.of(0xff, 0x62, 0xe2, 0x82));
    expect(await stream.text()).toBe("\uFEFFa\uFFFDb\uFFFD");
  });

  it("is what is left, and empty the next time", async () => {
    const { stream } = await written("one", "two", "three");
    await stream.read(4);
    await stream.read(1);
    expect([await stream.text(), await stream.text()]).toEqual(["wothree", ""]);
  });

  it("waits for the end", async () => {
    const { child, stream } = await flowing();
    const text = stream.text();
    child.out.push("a");
    expect(await outcome(() => text)).toBe("(pending)");
    child.out.push("b").end();
    expect(await text).toBe("ab");
  });

  it("as bytes is the same", async () => {
    const { stream } = await written(patternFrom(0, 300), patternFrom(300, 300));
    await stream.read(7);
    expect(await stream.bytes()).toEqual(patternFrom(7, 593));
  });
});

describe("lines", () => {
  it("are right wherever a character or a CRLF is cut", async () => {
    for (const [head, tail] of cuts(TEXT)) {
      expect(await all((await written(head, tail)).stream.lines()), `cut at ${head.length}`).toEqual(LINES);
    }
  });

  it("are right byte by byte", async () => {
    const { stream } = await written(...Array.from(bytesOf(TEXT), (byte) => Uint8Array.of(byte)));
    expect(await all(stream.lines())).toEqual(LINES);
  });

  it("come as soon as they are written", async () => {
    const { child, stream } = await flowing();
    const lines = stream.lines()[Symbol.asyncIterator]();
    child.out.push("one\ntw");
    expect(await lines.next()).toEqual({ done: false, value: "one" });
    const second = lines.next();
    child.out.push("o\n");
    expect(await second).toEqual({ done: false, value: "two" });
    const third = lines.next();
    child.exitWith(0);
    expect(await third).toEqual({ done: true, value: undefined });
  });

  it("end with what the source failed with", async () => {
    const { child, stream } = await flowing();
    child.out.push("one\ntwo").fail(new Error("connection reset"));
    const seen: string[] = [];
    const error = await failure(async () => {
      for await (const line of stream.lines()) seen.push(line);
    });
    expect([seen, error.reason]).toEqual([["one"], "internal"]);
  });

  it.each<[options: unknown, saying: string]>([
    [{ preventCancel: "yes" }, `Option "preventCancel" must be true or false, got "yes".`],
    [{ preventcancel: true }, `Option "preventcancel" is unknown here: did you mean "preventCancel"?`],
    [null, "Options must be an object, got null."],
  ])("refuse the options %j at once", async (options, saying) => {
    const { stream } = await written("a\n");
    const error = await failure(() => stream.lines(options as LinesOptions));
    expect(error).toMatchObject({ kind: "INVALID", reason: "invalid_option", message: saying });
  });
});

describe("stopping early", () => {
  it.each<[name: string, stop: (stream: Stream) => Promise<void>]>([
    ["a loop over chunks", async (stream) => {
      for await (const _ of stream) break;
    }],
    ["a loop over lines", async (stream) => {
      for await (const _ of stream.lines()) break;
    }],
    ["a loop that throws", async (stream) => {
      const loop = async () => {
        for await (const _ of stream.lines()) throw new Error("enough");
      };
      await expect(loop()).rejects.toThrow("enough");
    }],
    ["cancelling the Web Stream", async (stream) => await stream.readable.cancel()],
    ["close", async (stream) => await stream.close()],
    ["leaving an `await using` block", async (stream) => {
      await using _ = stream;
    }],
  ])("by %s closes the stream: the child gets EPIPE, and wait does not hang", async (_, stop) => {
    const { process, child, stream } = await flowing();
    const waited = process.wait();
    child.out.push("one\ntwo\n", "three\n");
    await stop(stream);
    expect(child.out.closed).toBe(true);
    expect([await stream.read(), stream.complete]).toEqual([null, false]);
    child.exitWith(0);
    expect(await waited).toBe(0);
  });

  it("leaves the other stream alone", async () => {
    const { process, child, stream } = await flowing();
    await stream.close();
    child.err.push("still here");
    child.exitWith(0);
    expect(await process.stderrStream().text()).toBe("still here");
  });

  it("twice, or after the end, is none", async () => {
    const { stream } = await written("x");
    await stream.text();
    await stream.close();
    await stream.close();
    expect(stream.complete).toBe(true);
  });

  it("ends a read that waits", async () => {
    const { stream } = await flowing();
    const read = stream.read();
    await stream.close();
    expect(await read).toBeNull();
  });

  it("before the start leaves nothing open at the start", async () => {
    const { executor, backend } = await runningScene();
    const process = await executor.exec("server");
    await process.stdoutStream().close();
    await process.start();
    expect([backend.child.out.closed, backend.child.err.closed]).toEqual([true, false]);
  });

  it("never fails, even where a backend throws when the descriptor is given up", async () => {
    const { process, child, stream } = await flowing();
    child.out.close = child.err.close = () => {
      throw new Error("gone");
    };
    expect(await outcome(() => stream.close())).toBeUndefined();
    expect(await process.close()).toBe(true);
  });

  it("never fails, and ends no host, where a backend answers a promise of another realm that rejects", async () => {
    const { child, stream } = await flowing();
    child.out.close = () => runInNewContext("Promise.reject(new Error('gone'))");
    expect(await outcome(() => stream.close())).toBeUndefined();
    // By then the runtime has looked for rejections that nobody handles.
    await turn();
  });

  it("of lines with preventCancel keeps the stream open", async () => {
    const { child, stream } = await flowing();
    child.out.push("one\n");
    for await (const line of stream.lines({ preventCancel: true })) {
      expect(line).toBe("one");
      break;
    }
    child.out.push("two\nthree");
    expect(child.out.closed).toBe(false);
    child.exitWith(0);
    expect(await all(stream.lines())).toEqual(["two", "three"]);
    expect(stream.complete).toBe(true);
  });

  it("of lines with preventCancel gives the next reader all that was not taken", async () => {
    const { stream } = await written("header\nrow 1\nrow", " 2\nro", "w 3");
    for await (const line of stream.lines({ preventCancel: true })) {
      expect(line).toBe("header");
      break;
    }
    expect(await stream.read(4)).toEqual(bytesOf("row "));
    expect(await stream.text()).toBe("1\nrow 2\nrow 3");
    expect(stream.complete).toBe(true);
  });

  it("of lines with preventCancel after every line loses none, wherever the bytes are cut", async () => {
    for (const [head, tail] of cuts(TEXT)) {
      const { stream } = await written(head, tail);
      const lines: string[] = [];
      for (let before = -1; before !== lines.length;) {
        before = lines.length;
        for await (const line of stream.lines({ preventCancel: true })) {
          lines.push(line);
          break;
        }
      }
      expect(lines, `cut at ${head.length}`).toEqual(LINES);
    }
  });

  it("of lines with preventCancel gives nothing back to a stream that was closed", async () => {
    const { stream } = await written("one\ntwo\n");
    for await (const _ of stream.lines({ preventCancel: true })) {
      await stream.close();
      break;
    }
    expect(await stream.read()).toBeNull();
  });

  async function expectReturnToEndNext(iterate: (stream: Stream) => AsyncIterator<unknown>) {
    const { child, stream } = await flowing();
    const iterator = iterate(stream);
    const next = iterator.next();
    await settle();
    expect(await outcome(() => iterator.return!())).toEqual({ done: true, value: undefined });
    expect([await outcome(() => next), child.out.closed]).toEqual([{ done: true, value: undefined }, true]);
  }

  it("by return of an iterator over chunks ends the next that waits", async () => {
    await expectReturnToEndNext((stream) => stream[Symbol.asyncIterator]());
  });

  it("by return of an iterator over lines ends the next that waits", async () => {
    await expectReturnToEndNext((stream) => stream.lines()[Symbol.asyncIterator]());
  });
});

describe("a second read while one is pending", () => {
  it.each<[name: string, use: (stream: Stream) => unknown]>([
    ["read", (stream) => stream.read()],
    ["read(size)", (stream) => stream.read(1)],
    ["bytes", (stream) => stream.bytes()],
    ["text", (stream) => stream.text()],
    ["a loop over chunks", (stream) => all(stream)],
    ["a loop over lines", (stream) => all(stream.lines())],
    ["the Web Stream", (stream) => stream.readable.getReader().read()],
  ])("by %s is stream_busy, and the first one gets its bytes", async (_, use) => {
    const { child, stream } = await flowing();
    const first = stream.read();
    expect(await failure(() => use(stream))).toMatchObject({ kind: "INVALID", reason: "stream_busy" });
    child.out.push("for the first", "and more");
    expect(await first).toEqual(bytesOf("for the first"));
    child.exitWith(0);
    expect(await stream.text()).toBe("and more");
  });

  it("is as busy while text is collected", async () => {
    const { child, stream } = await flowing();
    const text = stream.text();
    child.out.push("abc");
    for (const use of [() => stream.read(), () => stream.text(), () => stream.bytes()]) {
      expect(await failure(use)).toMatchObject({ reason: "stream_busy" });
    }
    child.exitWith(0);
    expect(await text).toBe("abc");
    expect(await stream.read()).toBeNull();
  });

  it("of the sibling is none", async () => {
    const { process, child, stream } = await flowing();
    const reads = [stream.read(), process.stderrStream().read()];
    child.err.push("err");
    child.out.push("out");
    expect((await Promise.all(reads)).map((chunk) => decoder.decode(chunk!))).toEqual(["out", "err"]);
  });
});

describe("readable", () => {
  it("is the same object each time and has the same bytes", async () => {
    const { stream } = await written("one", "two");
    expect(stream.readable).toBe(stream.readable);
    const reader = stream.readable.getReader();
    const chunks: Uint8Array[] = [];
    for (let next = await reader.read(); !next.done; next = await reader.read()) chunks.push(next.value);
    expect(decoder.decode(Buffer.concat(chunks))).toBe("onetwo");
  });

  it("takes nothing before it is read", async () => {
    const { stream } = await written("one");
    void stream.readable;
    await settle();
    expect(await stream.text()).toBe("one");
  });

  it("can be piped through other streams", async () => {
    const { stream } = await written("grü", "ße");
    const reader = stream.readable.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (let next = await reader.read(); !next.done; next = await reader.read()) text += next.value;
    expect(text).toBe("grüße");
  });

  it("errors with what read fails with", async () => {
    const { child, stream } = await flowing();
    child.out.fail(new Error("connection reset"));
    expect(await failure(stream.readable.getReader().read())).toMatchObject({ reason: "internal" });
  });
});

describe("complete", () => {
  it("is true from the real end on, and false before it", async () => {
    const { child, stream } = await flowing();
    child.out.push("a");
    await stream.read();
    expect(stream.complete).toBe(false);
    child.exitWith(0);
    expect(await stream.read()).toBeNull();
    expect(stream.complete).toBe(true);
  });

  it("is false when a descendant holds the pipe for longer than the idle rule waits", async () => {
    const { child, clock, stream } = await flowing();
    child.out.push("a");
    child.exitHoldingPipes(0);
    const text = stream.text();
    await clock.advance(100);
    expect([await text, stream.complete]).toEqual(["a", false]);
  });
});

it("a stream iterated again goes on where the first loop ended", async () => {
  const { stream } = await written("a", "b");
  expect(await textOf(stream)).toBe("ab");
  expect(await all(stream)).toEqual([]);
});
