/**
 * A process from created to closed.
 * @module
 */
import { equal, ok, rejects, throws } from "./assert.ts";
import type { Concern } from "./case.ts";
import { LineReader } from "./context.ts";
import { programs } from "./programs.ts";

export const states: Concern = {
  name: "states",
  cases: [
    {
      promise: "a process is created, running, exited and closed, in this order",
      catches: "an exit that is not noticed, or is noticed too early",
      run: async (context) => {
        const process = await context.exec(programs.dialogue);
        equal(process.state, "created", "state after exec");
        equal(process.pid, undefined, "pid after exec");
        const lines = new LineReader(context, process);
        await process.start();
        equal(await lines.next(), "one", "the first line");
        equal(process.state, "running", "state after start");
        equal(process.exitStatus, undefined, "exitStatus after start");
        await process.writeStdin("go\non\n");
        equal(await context.within(process.wait(), "wait"), 0, "the answer of wait");
        equal(process.state, "exited", "state after the exit");
        const { code, signal, timedOut, canceled } = process.exitStatus!;
        equal([code, signal ?? null, timedOut, canceled], [0, null, false, false], "exitStatus");
        equal(await process.close(), true, "the answer of close");
        equal(process.state, "closed", "state after close");
        equal(process.exitStatus?.code, 0, "exitStatus after close");
      },
    },
    {
      promise: "wait answers the same any number of times, before the exit, after it and after close",
      catches: "an exit status that can be had only once",
      run: async (context) => {
        const process = await context.exec(programs.exit42);
        await process.start();
        equal(
          await Promise.all([process.wait(), process.wait(), process.wait()]),
          [42, 42, 42],
          "answers at once",
        );
        equal(await process.wait(), 42, "the answer after the exit");
        await process.close();
        equal(await process.wait(), 42, "the answer after close");
      },
    },
    {
      promise: "before the start there is nothing to wait for, to signal or to write to",
      catches: "operations that hang or start the process by themselves",
      run: async (context) => {
        const process = await context.exec(programs.nothing);
        await rejects(process.wait(), "not_started", "INVALID");
        await rejects(process.signal("SIGTERM"), "not_started", "INVALID");
        await rejects(process.writeStdin("x"), "not_started", "INVALID");
        equal(process.state, "created", "state");
      },
    },
    {
      promise: "a process starts once",
      catches: "two commands behind one object",
      run: async (context) => {
        const process = await context.exec(programs.sleeper);
        const [first, second] = await Promise.allSettled([process.start(), process.start()]);
        equal(first.status, "fulfilled", "the first start");
        equal(second.status, "rejected", "the second start");
        await rejects(process.start(), "already_started", "INVALID");
        await process.close(true);
      },
    },
    {
      promise: "after close only wait, close and streams already obtained work",
      catches: "a process that can be used after its end, or whose output is gone with it",
      run: async (context) => {
        const process = await context.spawn(programs.sleeper);
        const stdout = process.stdoutStream();
        equal(await context.within(process.close(), "close"), true, "the answer of close");
        await rejects(process.start(), "process_closed", "INVALID");
        await rejects(process.signal("SIGTERM"), "process_closed", "INVALID");
        await rejects(process.writeStdin("x"), "process_closed", "INVALID");
        throws(() => process.stderrStream(), "process_closed");
        equal(process.stdoutStream(), stdout, "the stream obtained before");
        ok("ready\n".startsWith(await context.within(stdout.text(), "stdout")), "stdout can be read");
        equal(await context.within(process.wait(), "wait"), 143, "the answer of wait");
      },
    },
    {
      promise: "close before the start prevents it",
      catches: "a command that runs although nobody wants it any more",
      run: async (context) => {
        const process = await context.exec(programs.nothing);
        equal(await process.close(), true, "the answer of close");
        await rejects(process.start(), "process_closed", "INVALID");
      },
    },
    {
      promise: "close while it starts ends it, and the start says so",
      catches: "a process nobody holds that runs on",
      run: async (context) => {
        const process = await context.exec(programs.sleeper);
        const starting = rejects(process.start(), "process_closed");
        equal(await context.within(process.close(), "close"), true, "the answer of close");
        await context.within(starting, "the start");
      },
    },
    {
      promise: "an unref'd process still gives its output and its exit",
      catches: "an unref that throws, or lets go of more than the host's life",
      run: async (context) => {
        const process = await context.spawn(programs.dialogue);
        process.unref();
        const lines = new LineReader(context, process);
        equal(await lines.next(), "one", "the first line");
        await process.writeStdin("go\non\n");
        equal(await lines.next(), "two", "the second line");
        equal(await context.within(process.wait(), "wait"), 0, "the answer of wait");
        const early = await context.exec(programs.hello);
        early.unref();
        await early.start();
        equal(await early.stdoutStream().text(), "Hello, World!\n", "stdout of one unref'd before its start");
      },
    },
  ],
};
