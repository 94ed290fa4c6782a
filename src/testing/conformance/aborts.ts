/**
 * Aborts: the command is ended, and the caller is told whatever the command did about it.
 * @module
 */
import { equal, rejects } from "./assert.ts";
import type { Concern } from "./case.ts";
import { counting, LineReader } from "./context.ts";
import { programs } from "./programs.ts";

/** Time for what a command must print before it is aborted; a busy machine needs it. */
const PRINTED = 800;

/** A signal that is aborted, not timed out, after a time. */
function abortedAfter(ms: number): AbortController {
  const controller = new AbortController();
  AbortSignal.timeout(ms).addEventListener("abort", () => controller.abort());
  return controller;
}

export const aborts: Concern = {
  name: "abort",
  cases: [
    {
      promise: "a signal that is aborted already spawns nothing",
      catches: "a command that runs although it was canceled before",
      run: async (context) => {
        const [backend, spawned] = counting(context.backend);
        const executor = context.executor({ backend });
        const { argv } = programs.hello;
        await rejects(executor.output(argv, { signal: AbortSignal.abort() }), "canceled", "CANCELED");
        await rejects(
          executor.spawn(argv, { signal: AbortSignal.abort("a reason") }),
          "canceled",
          "CANCELED",
        );
        const timedOut = AbortSignal.abort(new DOMException("too late", "TimeoutError"));
        await rejects(executor.output(argv, { signal: timedOut }), "timed_out", "TIMEOUT");
        equal(spawned(), 0, "processes spawned");
      },
    },
    {
      promise: "an abort ends the command, and output rejects with canceled and the output so far",
      catches: "an abort that only stops the waiting",
      run: async (context) => {
        const controller = new AbortController();
        const process = await context.spawn(programs.partial, { signal: controller.signal });
        equal(await new LineReader(context, process).next(), "partial", "the first line");
        controller.abort();
        const error = await rejects(context.within(process.wait(), "wait"), "canceled", "CANCELED");
        equal(error.retryable, false, "retryable");
        const { signal, canceled, timedOut } = process.exitStatus!;
        equal([signal, canceled, timedOut], ["SIGTERM", true, false], "signal, canceled and timedOut");
        const { signal: soon } = abortedAfter(context.patience(PRINTED));
        const failure = await rejects(context.output(programs.partial, { signal: soon }), "canceled");
        equal(failure.output?.stdoutText(), "partial\n", "error.output.stdout");
      },
    },
    {
      promise: "an abort is told even if the command exits with 0 on SIGTERM",
      catches: "a canceled command that reads as success",
      run: async (context) => {
        const controller = new AbortController();
        const process = await context.spawn(programs.server, { signal: controller.signal });
        equal(await new LineReader(context, process).next(), "ready", "the first line");
        controller.abort();
        await rejects(context.within(process.wait(), "wait"), "canceled", "CANCELED");
        equal(process.exitStatus?.code, 0, "exitStatus.code");
        equal(process.exitStatus?.canceled, true, "exitStatus.canceled");
      },
    },
    {
      promise: "the time of AbortSignal.timeout is told as timed_out",
      catches: "a timeout that reads as somebody's decision",
      run: async (context) => {
        const signal = AbortSignal.timeout(PRINTED / 4);
        await rejects(context.output(programs.sleeper, { signal }), "timed_out", "TIMEOUT");
      },
    },
    {
      promise: "an abort while it starts leaves nothing running",
      catches: "a process that comes too late to be noticed",
      run: async (context) => {
        for (let i = 0; i < 20; i++) {
          const controller = new AbortController();
          const process = await context.exec(programs.sleeper, { signal: controller.signal });
          const starting = process.start();
          for (let turns = 0; turns < i; turns++) await Promise.resolve();
          controller.abort();
          await starting.catch(() => {});
          await rejects(context.within(process.wait(), "wait"), "canceled", "CANCELED");
          equal(await context.within(process.close(), "close"), true, "the answer of close");
        }
      },
    },
  ],
};
