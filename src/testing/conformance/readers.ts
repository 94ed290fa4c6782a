/**
 * Readers that come late, read slowly, or leave early.
 * @module
 */
import type { Stream } from "../../stream.ts";
import { equal, includes, ok, rejects, repeats } from "./assert.ts";
import type { Concern } from "./case.ts";
import { BOTH, LINE, MANY_LINES } from "./data.ts";
import { programs } from "./programs.ts";

export const readers: Concern = {
  name: "readers",
  cases: [
    {
      promise: "a stream nobody asked for never blocks the command",
      catches: "a full pipe that nobody empties",
      run: async (context) => {
        const process = await context.spawn(programs.noisy);
        equal(await context.within(process.stdoutStream().text(), "stdout"), "done\n", "stdout");
        equal(await context.within(process.wait(), "wait"), 0, "the answer of wait");
      },
    },
    {
      promise: "a stream asked for too late gives its first MiB and then buffer_exceeded",
      catches: "a beginning that is lost, or an end that looks whole",
      run: async (context) => {
        const process = await context.spawn(programs.noisy);
        await context.within(process.wait(), "wait");
        const stderr = process.stderrStream();
        let size = 0;
        const rest = async () => {
          while (size <= 2 ** 20) size += (await stderr.read())?.length ?? NaN;
        };
        const error = await rejects(rest(), "buffer_exceeded", "UNAVAILABLE");
        equal(size, 2 ** 20, "bytes before the error");
        includes(error.message, "stderr", "the message");
      },
    },
    {
      promise: "past maxBuffer the command is ended, and readers and wait get buffer_exceeded",
      catches: "memory without bound, or a command that runs on",
      run: async (context) => {
        const process = await context.spawn(programs.endless, { maxBuffer: 2 ** 20 });
        const stdout = process.stdoutStream();
        await rejects(context.within(process.wait(), "wait"), "buffer_exceeded", "UNAVAILABLE");
        await rejects(context.within(stdout.text(), "the end of stdout"), "buffer_exceeded", "UNAVAILABLE");
        await context.within(process.close(), "close");
        ok(process.exitStatus !== undefined, "the command has ended");
      },
    },
    {
      promise: "a command whose output is not read on is held up and loses nothing",
      catches: "a backend that reads ahead without bound",
      run: async (context) => {
        const process = await context.spawn(programs.manyLines);
        const stdout = process.stdoutStream();
        const first = await context.within(stdout.read(1), "the first byte");
        equal(first?.length, 1, "bytes of the first read");
        await context.finishMeanwhile(programs.manyLines);
        equal(process.state, "running", "state of the command that is not read on");
        const rest = await context.within(stdout.bytes(), "the end of stdout");
        repeats(rest, LINE.slice(1) + LINE[0], MANY_LINES - 1, "the rest of stdout");
        equal(await context.within(process.wait(), "wait"), 0, "the answer of wait");
      },
    },
    {
      promise: "leaving a loop over a stream early closes it, and a command that writes on ends",
      catches: "a pipe that is not read and not closed, so that wait never returns",
      run: async (context) => {
        for (const loop of [(stream: Stream) => stream.lines(), (stream: Stream) => stream]) {
          const process = await context.spawn(programs.endless);
          for await (const _ of loop(process.stdoutStream())) break;
          const code = await context.within(process.wait(), "wait");
          ok(code !== 0, "a command that could not write its output does not succeed");
          equal(process.stdoutStream().complete, false, "complete");
        }
      },
    },
    {
      promise: "with preventCancel a loop left early leaves the stream to the next reader",
      catches: "a stream that is closed all the same",
      run: async (context) => {
        const process = await context.spawn(programs.dialogue);
        const stdout = process.stdoutStream();
        for await (const line of stdout.lines({ preventCancel: true })) {
          equal(line, "one", "the first line");
          break;
        }
        await process.writeStdin("go\non\n");
        equal(await context.within(stdout.text(), "the rest"), "two\nthree\n", "the rest");
        equal(await context.within(process.wait(), "wait"), 0, "the answer of wait");
      },
    },
    {
      promise: "readable gives the same bytes as a Web Stream, and cancelling it ends the command's writing",
      catches: "a second way for bytes with an end of its own",
      run: async (context) => {
        const whole = await context.spawn(programs.both);
        let size = 0;
        const reader = whole.stdoutStream().readable.getReader();
        for (let next = await reader.read(); !next.done; next = await reader.read()) {
          size += next.value.length;
        }
        equal(size, BOTH, "bytes of stdout");
        const endless = await context.spawn(programs.endless);
        await endless.stdoutStream().readable.cancel();
        ok(await context.within(endless.wait(), "wait") !== 0, "it could not write on");
      },
    },
    {
      promise: "a second read while one is pending is stream_busy, and the first still gets its bytes",
      catches: "two reads that share the bytes between them",
      run: async (context) => {
        const process = await context.spawn(programs.cat);
        const stdout = process.stdoutStream();
        const first = stdout.read();
        await rejects(stdout.read(), "stream_busy", "INVALID");
        await rejects(stdout.text(), "stream_busy", "INVALID");
        await process.writeStdin("x");
        equal((await context.within(first, "the first read"))?.length, 1, "bytes of the first read");
        await process.closeStdin();
        equal(await process.wait(), 0, "the answer of wait");
      },
    },
  ],
};
