/**
 * Timeouts: the command is ended, and the caller is told whatever the command did about it.
 * @module
 */
import { equal, includes, ok, rejects } from "./assert.ts";
import type { Concern } from "./case.ts";
import { counting, KILL_GRACE, LineReader } from "./context.ts";
import { programs } from "./programs.ts";

/** Bounds what a command must print before; a busy machine needs its time. */
const TIMEOUT = 800;
/** Well below the minute that a command of the suite sleeps, and above whatever a busy machine takes. */
const SOON = 15_000;
/** A day longer than what a timer of any runtime holds. */
const BEYOND_TIMERS = 2 ** 31 + 86_400_000;

export const timeouts: Concern = {
  name: "timeout",
  cases: [
    {
      promise: "a timeout rejects with timed_out and the output so far",
      catches: "output that is lost with the time, or a command that runs on",
      run: async (context) => {
        const timeout = context.patience(TIMEOUT);
        const ms = await context.inTime("the timeout", async () => {
          const error = await rejects(
            context.output(programs.partial, { timeout }),
            "timed_out",
            "TIMEOUT",
          );
          equal(error.retryable, true, "retryable");
          includes(error.message, String(timeout), "the message");
          equal(error.output?.stdoutText(), "partial\n", "error.output.stdout");
          equal(error.output?.stderrText(), "problem\n", "error.output.stderr");
          equal(error.output?.ok, false, "error.output.ok");
        });
        ok(ms > timeout * 0.9 && ms < SOON, `it took ${ms} ms, and the timeout is ${timeout}`);
      },
    },
    {
      promise: "a timeout is told even if the command exits with 0 on SIGTERM",
      catches: "a timeout that reads as success",
      run: async (context) => {
        const process = await context.spawn(programs.server, { timeout: context.patience(TIMEOUT) });
        equal(await new LineReader(context, process).next(), "ready", "the first line");
        await rejects(context.within(process.wait(), "wait"), "timed_out", "TIMEOUT");
        const { code, timedOut, canceled } = process.exitStatus!;
        equal([code, timedOut, canceled], [0, true, false], "code, timedOut and canceled");
        await rejects(process.wait(), "timed_out");
      },
    },
    {
      promise: "a timeout kills a command that ignores SIGTERM",
      catches: "a timeout that waits for the command's consent",
      run: async (context) => {
        const timeout = context.patience(TIMEOUT);
        const process = await context.spawn(programs.stubborn, { timeout, killGrace: KILL_GRACE });
        equal(await new LineReader(context, process).next(), "ready", "the first line");
        await rejects(context.within(process.wait(), "wait"), "timed_out");
        equal(process.exitStatus?.signal, "SIGKILL", "exitStatus.signal");
      },
    },
    {
      promise: "a timeout holds though something that left the group keeps the pipes (where there is setsid)",
      catches: "a call that waits for a process out of reach",
      needs: ["realProcesses"],
      run: async (context) => {
        if (!(await context.output(programs.hasSetsid)).ok) return;
        const executor = context.executor();
        let pid = NaN;
        const ms = await context.inTime("the timeout", async () => {
          const running = executor.output(programs.escapee.argv, { timeout: context.patience(TIMEOUT) });
          const error = await rejects(running, "timed_out");
          pid = Number(error.output?.stdoutText());
          equal(error.output?.complete, false, "error.output.complete");
        });
        ok(ms < SOON, `it took ${ms} ms, and the timeout is ${TIMEOUT}`);
        ok(pid > 1, "the output so far is on the error");
        await context.kill(pid);
      },
    },
    {
      promise: "Infinity, and a timeout longer than timers hold, end nothing",
      catches: "a number that overflows and ends the command at once",
      run: async (context) => {
        for (const timeout of [Infinity, 2 ** 31, BEYOND_TIMERS, Number.MAX_VALUE, undefined]) {
          const process = await context.spawn(programs.dialogue, { timeout });
          const lines = new LineReader(context, process);
          equal(await lines.next(), "one", "the first line");
          await process.writeStdin("go\non\n");
          equal(
            await context.within(process.wait(), "wait"),
            0,
            `the answer of wait with timeout ${timeout}`,
          );
        }
      },
    },
    {
      promise: "a timeout that is no positive number is refused before anything is spawned",
      catches: "zero or NaN that means at once, or never",
      run: async (context) => {
        const [backend, spawned] = counting(context.backend);
        const executor = context.executor({ backend });
        for (const timeout of [0, -1, NaN, -Infinity, "1" as unknown as number]) {
          await rejects(executor.output(programs.nothing.argv, { timeout }), "invalid_option", "INVALID");
        }
        equal(spawned(), 0, "processes spawned");
      },
    },
    {
      promise: "a command that ends in time is not touched by its timeout or signal any more",
      catches: "a timer or a listener that outlives the command",
      run: async (context) => {
        const controller = new AbortController();
        const process = await context.spawn(programs.exit42, { timeout: 60_000, signal: controller.signal });
        equal(await process.wait(), 42, "the answer of wait");
        controller.abort();
        equal(await process.wait(), 42, "the answer of wait after an abort");
        equal(process.exitStatus?.canceled, false, "exitStatus.canceled");
      },
    },
  ],
};
