/**
 * What a command writes: all of it, whoever reads when.
 * @module
 */
import type { Process } from "../../process.ts";
import type { Stream } from "../../stream.ts";
import { equal, ok, repeats } from "./assert.ts";
import type { Program } from "./behaviour.ts";
import type { Concern } from "./case.ts";
import { type Context, LineReader } from "./context.ts";
import { BOTH, LARGE, LINE, OTHER_LINE } from "./data.ts";
import { programs } from "./programs.ts";

/** Reads to the end in pieces of at most `size` bytes. */
async function readAll(stream: Stream, size: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (let piece = await stream.read(size); piece !== null; piece = await stream.read(size)) {
    ok(piece.length > 0 && piece.length <= size, `a read gives 1 to ${size} bytes`);
    pieces.push(piece);
  }
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const piece of pieces) {
    all.set(piece, offset);
    offset += piece.length;
  }
  return all;
}

async function readOneThenOther(
  context: Context,
  program: Program,
  first: "stdout" | "stderr",
): Promise<void> {
  const process = await context.exec(program);
  const streams = { stdout: process.stdoutStream(), stderr: process.stderrStream() };
  await process.start();
  for (const name of first === "stdout" ? ["stdout", "stderr"] as const : ["stderr", "stdout"] as const) {
    const bytes = await context.within(readAll(streams[name], 65_536), `the end of ${name}`);
    repeats(bytes, name === "stdout" ? LINE : OTHER_LINE, LARGE, name);
    equal(streams[name].complete, true, `complete of ${name}`);
  }
  equal(await context.within(process.wait(), "wait"), 0, "the answer of wait");
}

/** Many quick processes one after the other, several at a time. */
async function often(context: Context, once: () => Promise<void>): Promise<void> {
  let left = context.runs;
  const worker = async () => {
    while (left-- > 0) await once();
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
}

async function pipefulOf(process: Process): Promise<void> {
  const text = await process.stdoutStream().text();
  equal(text.length, 60_000, "bytes of stdout");
  ok(text.endsWith("7"), "the last byte is there");
}

export const streams: Concern = {
  name: "streams",
  cases: [
    {
      promise:
        "reading all of stdout in a loop of read(4096), then all of stderr, then wait gives everything",
      catches: "a command that blocks on the stream not read yet",
      run: async (context) => {
        const process = await context.spawn(programs.both);
        const stdout = await context.within(readAll(process.stdoutStream(), 4096), "the end of stdout");
        // Asked for only now, and below the MiB that is kept of a stream nobody asked for.
        const stderr = await context.within(readAll(process.stderrStream(), 4096), "the end of stderr");
        repeats(stdout, LINE, BOTH, "stdout");
        equal(await context.within(process.wait(), "wait"), 0, "the answer of wait");
        repeats(stderr, OTHER_LINE, BOTH, "stderr");
      },
    },
    {
      promise: "tens of MiB of stdout and then of stderr can be read in this order",
      catches: "bytes lost, doubled or out of place in a large output",
      run: (context) => readOneThenOther(context, programs.stdoutThenStderr, "stdout"),
    },
    {
      promise: "tens of MiB of stderr that come first can be read last",
      catches: "a deadlock between the stream read and the one that is full",
      run: (context) => readOneThenOther(context, programs.stderrThenStdout, "stdout"),
    },
    {
      promise: "tens of MiB of stdout that come first can be read last",
      catches: "a deadlock between the stream read and the one that is full",
      run: (context) => readOneThenOther(context, programs.stdoutThenStderr, "stderr"),
    },
    {
      promise: "output collects tens of MiB of both streams",
      catches: "chunks whose memory is used again, or collecting that takes for ever",
      run: async (context) => {
        const output = await context.output(programs.stderrThenStdout);
        repeats(output.stdout, LINE, LARGE, "stdout");
        repeats(output.stderr, OTHER_LINE, LARGE, "stderr");
        equal(output.complete, true, "complete");
      },
    },
    {
      promise: "what was written last before a quick exit is never lost",
      catches: "an exit that overtakes the data",
      run: (context) =>
        often(context, async () => {
          const { stdoutText, complete } = await context.output(programs.lastWords);
          equal(stdoutText(), "last words\n", "stdout");
          equal(complete, true, "complete");
        }),
    },
    {
      promise: "a pipe full of data is still there for who reads only after wait",
      catches: "data that is thrown away at the exit",
      run: (context) =>
        often(context, async () => {
          const process = await context.spawn(programs.pipeful);
          equal(await process.wait(), 0, "the answer of wait");
          await pipefulOf(process);
        }),
    },
    {
      promise: "what a command writes can be read while it runs",
      catches: "output that is held back until the exit",
      run: async (context) => {
        const process = await context.spawn(programs.dialogue);
        const lines = new LineReader(context, process);
        for (const line of ["one", "two", "three"]) {
          equal(await lines.next(), line, "the next line");
          if (line !== "three") await process.writeStdin("go on\n");
        }
        equal(await lines.next(), undefined, "the line after the last");
        equal(await process.wait(), 0, "the answer of wait");
      },
    },
    {
      promise: "all can be read after the exit, streams asked for then as well",
      catches: "output that goes with the process",
      run: async (context) => {
        const process = await context.spawn(programs.both);
        equal(await context.within(process.wait(), "wait"), 0, "the answer of wait");
        repeats(await process.stdoutStream().bytes(), LINE, BOTH, "stdout");
        repeats(await process.stderrStream().bytes(), OTHER_LINE, BOTH, "stderr");
        equal(await process.stdoutStream().read(), null, "a read after the end");
      },
    },
  ],
};
