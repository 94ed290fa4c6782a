import { describe, expect, it } from "vitest";
import { LineIterator, type LineSource } from "../src/line_iterator.ts";

const bytes = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));

/** A source of given chunks; one that is asked for after them waits until it is closed. */
function sourceOf(chunks: Uint8Array[], more: Partial<LineSource> = {}, endless = false) {
  const seen = { recycled: 0, closed: 0, unread: [] as Uint8Array[] };
  let stop = () => {};
  const source: LineSource = {
    maxLine: 1 << 20,
    preventCancel: false,
    read: () => {
      const chunk = chunks.shift();
      if (chunk || !endless) return Promise.resolve(chunk ?? null);
      return new Promise((resolve) => stop = () => resolve(null));
    },
    recycle: () => void seen.recycled++,
    unread: (rest) => void seen.unread.push(rest),
    close: () => {
      seen.closed++;
      stop();
      return Promise.resolve();
    },
    ...more,
  };
  return { source, seen };
}

async function all(source: LineSource): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of { [Symbol.asyncIterator]: () => new LineIterator(source) }) lines.push(line);
  return lines;
}

describe("lines, one after another", () => {
  it("come across chunks, with a last one without a newline, and each chunk is given back", async () => {
    const { source, seen } = sourceOf(["a\nb", "c\r\n", "\n", "d"].map(bytes));
    expect(await all(source)).toEqual(["a", "bc", "", "d"]);
    expect(seen).toMatchObject({ recycled: 4, closed: 0, unread: [] });
  });

  it("are told in order to whoever asks for many at once, and then the end", async () => {
    const { source } = sourceOf(["a\nb\n", "c\n"].map(bytes));
    const lines = new LineIterator(source);
    const answers = await Promise.all(Array.from({ length: 5 }, () => lines.next()));
    expect(answers.map(({ value }) => value)).toEqual(["a", "b", "c", undefined, undefined]);
    expect(answers.map(({ done }) => done)).toEqual([false, false, false, true, true]);
  });

  it("close the stream when a loop is left, but not before it began or at its end", async () => {
    const left = sourceOf([bytes("a\nb\n")]);
    const lines = new LineIterator(left.source);
    await lines.next();
    expect(await lines.return()).toEqual({ done: true, value: undefined });
    expect(await lines.next()).toEqual({ done: true, value: undefined });
    expect(left.seen).toMatchObject({ closed: 1, recycled: 0 });

    const untouched = sourceOf([bytes("a\n")]);
    await new LineIterator(untouched.source).return();
    expect(untouched.seen.closed).toBe(0);

    const ended = sourceOf([bytes("a\n")]);
    await all(ended.source);
    expect(ended.seen.closed).toBe(0);
  });

  it("hear of a loop that is left while they wait for bytes", async () => {
    const { source, seen } = sourceOf([], {}, true);
    const lines = new LineIterator(source);
    const pending = lines.next();
    expect(await lines.return()).toEqual({ done: true, value: undefined });
    expect(await pending).toEqual({ done: true, value: undefined });
    expect(seen.closed).toBeGreaterThan(0);
  });

  it("give back the very bytes a left loop did not take, whatever they are", async () => {
    for (let taken = 1; taken <= 4; taken++) {
      const { source, seen } = sourceOf([bytes("x"), bytes("y\nb\xff\xe4\r\nc\n\nrest\xe2\x82")], {
        preventCancel: true,
      });
      const lines = new LineIterator(source);
      for (let i = 0; i < taken; i++) await lines.next();
      await lines.return();
      const rest = ["b\xff\xe4\r\nc\n\nrest\xe2\x82", "c\n\nrest\xe2\x82", "\nrest\xe2\x82", "rest\xe2\x82"];
      expect(seen.unread).toEqual([bytes(rest[taken - 1]!)]);
      expect(seen).toMatchObject({ closed: 0, recycled: 1 });
    }
  });

  it("end with what a read rejects with, and then stay at the end", async () => {
    const failure = new Error("broken");
    const { source, seen } = sourceOf([], { read: () => Promise.reject(failure) });
    const lines = new LineIterator(source);
    await expect(lines.next()).rejects.toBe(failure);
    expect(await lines.next()).toEqual({ done: true, value: undefined });
    expect(seen.closed).toBe(0);
  });

  it("close the stream when one is beyond the limit", async () => {
    const { source, seen } = sourceOf([bytes("a".repeat(500)), bytes("a".repeat(600))], { maxLine: 1000 });
    await expect(all(source)).rejects.toMatchObject({ reason: "buffer_exceeded" });
    expect(seen.closed).toBe(1);
  });

  it("before one beyond the limit all come, however the chunks are cut, and only then the error", async () => {
    const text = `one\ntwo\n${"a".repeat(100)}`;
    for (let cut = 1; cut < text.length; cut++) {
      const { source, seen } = sourceOf([text.slice(0, cut), text.slice(cut)].map(bytes), { maxLine: 50 });
      const lines = new LineIterator(source);
      expect([await lines.next(), await lines.next()].map(({ value }) => value)).toEqual(["one", "two"]);
      expect(seen.closed).toBe(0);
      await expect(lines.next()).rejects.toMatchObject({ reason: "buffer_exceeded" });
      expect([seen.closed, (await lines.next()).done]).toEqual([1, true]);
    }
  });

  it("before one beyond the limit leave it to the next reader when the loop is left there", async () => {
    const { source, seen } = sourceOf([bytes(`one\n${"a".repeat(100)}`)], {
      maxLine: 50,
      preventCancel: true,
    });
    const lines = new LineIterator(source);
    await lines.next();
    await lines.return();
    expect(seen).toMatchObject({ closed: 0, unread: [bytes("a".repeat(100))] });
  });
});
