/**
 * Bytes in any chunks: what comes out depends on the bytes alone, and is what a plain implementation makes of them.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import { LineSplitter } from "../../src/lines.ts";
import { Tail } from "../../src/tail.ts";
import { decodeUtf8, Utf8Decoder } from "../../src/utf8.ts";
import { chunks, cut, joined, parameters, RUNS } from "../support/fuzz.ts";
import { settle } from "../support/manual_clock.ts";
import { runningScene } from "../support/scene.ts";
import { reference } from "../support/tail_reference.ts";

const timeout = 1_800_000;
const plain = (bytes: Uint8Array) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);

/** Lines as the documents describe them: up to \n or \r\n, and a last one without. */
function plainLines(bytes: Uint8Array): string[] {
  const parts: number[][] = [[]];
  for (const byte of bytes) byte === 0x0a ? parts.push([]) : parts.at(-1)!.push(byte);
  const last = parts.pop()!;
  const ended = parts.map((part) => part.at(-1) === 0x0d ? part.slice(0, -1) : part);
  return [...ended, ...(last.length > 0 ? [last] : [])].map((part) => plain(Uint8Array.from(part)));
}

it("text is the text of all bytes", { timeout }, () => {
  fc.assert(
    fc.property(chunks, (parts) => {
      const decoder = new Utf8Decoder();
      const text = parts.map((part) => decoder.push(part)).join("") + decoder.end();
      const all = joined(parts);
      return text === plain(all) && decodeUtf8(all) === text;
    }),
    parameters,
  );
});

it("lines are the lines of all bytes", { timeout }, () => {
  fc.assert(
    fc.property(chunks, (parts) => {
      const splitter = new LineSplitter(Infinity);
      const lines = [...parts.flatMap((part) => splitter.push(part)), ...splitter.end()];
      const expected = plainLines(joined(parts));
      return lines.length === expected.length && lines.every((line, at) => line === expected[at]);
    }),
    parameters,
  );
});

it("the last part of much output is what is cut from all of it", { timeout }, () => {
  fc.assert(
    fc.property(chunks, fc.nat(40), (parts, limit) => {
      const tail = new Tail(limit);
      for (const part of parts) tail.push(part);
      const all = joined(parts);
      const { output, truncated, totalBytes } = tail.text();
      return output === reference(all, limit) && truncated === all.length > limit &&
        totalBytes === all.length;
    }),
    parameters,
  );
});

it("a stream gives every byte once, in order, however it comes and is read", { timeout }, async () => {
  const readers = fc.constantFrom("read", "bytes", "chunks", "lines", "readable");
  const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(chunks, sizes, sizes, readers, fc.nat(6), async (parts, cuts, reads, reader, before) => {
      const { process, child } = await runningScene();
      const stream = process.stdoutStream();
      const all = joined(parts);
      const sent = cut(all, cuts);
      child.out.push(...sent.slice(0, before));
      const got: Uint8Array[] = [];
      const lines: string[] = [];
      const reading = (async () => {
        if (reader === "bytes") got.push(await stream.bytes());
        else if (reader === "lines") { for await (const line of stream.lines()) lines.push(line); }
        else if (reader === "chunks") { for await (const chunk of stream) got.push(chunk); }
        else if (reader === "readable") {
          const web = stream.readable.getReader();
          for (let next = await web.read(); !next.done; next = await web.read()) got.push(next.value);
        } else {
          for (let i = 0;; i++) {
            const chunk = await stream.read(reads[i % reads.length]);
            if (chunk === null) break;
            got.push(chunk);
          }
        }
      })();
      // Some come while it is read already.
      if (before % 2 === 0) await settle();
      child.out.push(...sent.slice(before));
      child.exitWith(0);
      await reading;
      if (reader === "lines") expect(lines).toEqual(plainLines(all));
      else expect(joined(got)).toEqual(all);
    }),
    { ...parameters, numRuns: Math.ceil(RUNS / 5) },
  );
});
