/**
 * What is written to a command: in order, as fast as it reads, and never the host's undoing.
 * @module
 */
import { equal, rejects, sameBytes } from "./assert.ts";
import type { Concern } from "./case.ts";
import { MIB, mixedBytes } from "./data.ts";
import { programs } from "./programs.ts";

export const stdin: Concern = {
  name: "stdin",
  cases: [
    {
      promise: "megabytes of input pass through a command unchanged",
      catches: "bytes lost or changed, or a deadlock of writing and reading",
      run: async (context) => {
        const input = mixedBytes(8 * MIB + 1);
        const { stdout, exitCode } = await context.output(programs.cat, { input });
        sameBytes(stdout, input, "stdout");
        equal(exitCode, 0, "exitCode");
      },
    },
    {
      promise: "text is written as UTF-8",
      catches: "characters that are cut to one byte",
      run: async (context) => {
        const input = "é✓😀\n".repeat(10_000);
        equal((await context.output(programs.cat, { input })).stdoutText(), input, "stdout");
      },
    },
    {
      promise: "an empty write is the end of input",
      catches: "an end of input that never comes",
      run: async (context) => {
        const process = await context.spawn(programs.sort);
        await process.writeStdin("pear\napple\n");
        await process.writeStdin("");
        equal(await context.within(process.stdoutStream().text(), "stdout"), "apple\npear\n", "stdout");
        equal(await process.wait(), 0, "the answer of wait");
      },
    },
    {
      promise: "closeStdin is the end of input, and a second one is none",
      catches: "an end of input that loses what was written before it",
      run: async (context) => {
        const process = await context.spawn(programs.cat);
        await Promise.all([
          process.writeStdin("x".repeat(MIB)),
          process.closeStdin(),
          process.stdoutStream().bytes(),
        ]);
        await process.closeStdin();
        equal(await context.within(process.wait(), "wait"), 0, "the answer of wait");
      },
    },
    {
      promise: "a write after the end of input is stdin_closed",
      catches: "a write that is lost without a word",
      run: async (context) => {
        const process = await context.spawn(programs.cat);
        await process.closeStdin();
        await rejects(process.writeStdin("x"), "stdin_closed", "UNAVAILABLE");
        await context.within(process.wait(), "wait");
        await rejects(process.writeStdin("x"), "stdin_closed", "UNAVAILABLE");
      },
    },
    {
      promise: "stdin is a WritableStream too, and closing it is the end of input",
      catches: "a stream that ends the input at an empty chunk, or never",
      run: async (context) => {
        const process = await context.spawn(programs.sort);
        const writer = process.stdin.getWriter();
        await writer.write(new TextEncoder().encode("b\n"));
        await writer.write(new Uint8Array(0));
        await writer.write(new TextEncoder().encode("a\n"));
        await writer.close();
        equal(await context.within(process.stdoutStream().text(), "stdout"), "a\nb\n", "stdout");
        equal(await process.wait(), 0, "the answer of wait");
      },
    },
    {
      promise: "bytes belong to the writer again when the write has resolved",
      catches: "a buffer that is read later than the write says",
      run: async (context) => {
        const process = await context.spawn(programs.cat);
        const reading = process.stdoutStream().bytes();
        const expected = new Uint8Array(32 * 65_536);
        const buffer = new Uint8Array(65_536);
        for (let i = 0; i < 32; i++) {
          expected.fill(i, i * buffer.length, (i + 1) * buffer.length);
          buffer.fill(i);
          await context.within(process.writeStdin(buffer), "a write");
        }
        await process.closeStdin();
        sameBytes(await context.within(reading, "stdout"), expected, "stdout");
      },
    },
    {
      promise: "without input a command of output reads an empty one",
      catches: "a command that waits for input nobody will give",
      run: async (context) => {
        const { stdout, exitCode } = await context.within(context.output(programs.cat), "output");
        equal(stdout.length, 0, "bytes of stdout");
        equal(exitCode, 0, "exitCode");
      },
    },
    {
      promise: "input can be an async iterable",
      catches: "chunks that are lost, out of order or cut at their edges",
      run: async (context) => {
        const bytes = mixedBytes(3 * MIB);
        async function* chunks() {
          for (let at = 0, size = 1; at < bytes.length; at += size, size = size * 3 % 100_003) {
            yield bytes.subarray(at, at + size);
          }
        }
        sameBytes((await context.output(programs.cat, { input: chunks() })).stdout, bytes, "stdout");
      },
    },
  ],
};
