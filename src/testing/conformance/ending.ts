/**
 * Ending a process: asked first, killed if it must be.
 * @module
 */
import type { Process } from "../../process.ts";
import { equal, ok } from "./assert.ts";
import type { Program } from "./behaviour.ts";
import type { Concern } from "./case.ts";
import { type Context, KILL_GRACE, LineReader } from "./context.ts";
import { programs } from "./programs.ts";

/** Long enough that nothing of the suite waits for it. */
const LONG_GRACE = 3_600_000;

/** Starts a program that says when it is ready. */
async function ready(context: Context, program: Program, killGrace: number): Promise<[Process, LineReader]> {
  const process = await context.spawn(program, { killGrace });
  const lines = new LineReader(context, process);
  equal(await lines.next(), "ready", "the first line");
  return [process, lines];
}

export const ending: Concern = {
  name: "close",
  cases: [
    {
      promise: "close lets a command end in its own way",
      catches: "a server killed before it could clean up",
      run: async (context) => {
        const [process, lines] = await ready(context, programs.server, LONG_GRACE);
        equal(await context.within(process.close(), "close"), true, "the answer of close");
        equal(await lines.next(), "bye", "the line after SIGTERM");
        equal(await process.wait(), 0, "the answer of wait");
        equal(process.exitStatus?.signal, undefined, "exitStatus.signal");
      },
    },
    {
      promise: "close ends a command that does nothing about SIGTERM by SIGTERM",
      catches: "another signal than the one promised, or one sent too soon",
      run: async (context) => {
        const [process] = await ready(context, programs.sleeper, LONG_GRACE);
        equal(await context.within(process.close(), "close"), true, "the answer of close");
        equal(await process.wait(), 143, "the answer of wait");
        equal(process.exitStatus?.signal, "SIGTERM", "exitStatus.signal");
      },
    },
    {
      promise: "close kills a command that ignores SIGTERM, after killGrace",
      catches: "a close that hangs, or that gives no time",
      run: async (context) => {
        const [process] = await ready(context, programs.stubborn, KILL_GRACE);
        const ms = await context.inTime("close", async () => {
          equal(await process.close(), true, "the answer of close");
        });
        // Timers may fire a little early.
        ok(ms > KILL_GRACE * 0.9, `it took ${ms} ms, and killGrace is ${KILL_GRACE}`);
        equal(await process.wait(), 137, "the answer of wait");
        equal(process.exitStatus?.signal, "SIGKILL", "exitStatus.signal");
      },
    },
    {
      promise: "close(true) kills at once",
      catches: "a force that waits for killGrace",
      run: async (context) => {
        const [process, lines] = await ready(context, programs.server, LONG_GRACE);
        equal(await context.within(process.close(true), "close"), true, "the answer of close");
        equal(await process.wait(), 137, "the answer of wait");
        equal(await lines.next(), undefined, "the line after the kill");
      },
    },
    {
      promise: "close may be called any number of times, at once and later",
      catches: "a second close that fails, or answers before the process has ended",
      run: async (context) => {
        const [process] = await ready(context, programs.stubborn, KILL_GRACE);
        const closing = [process.close(), process.close(), process[Symbol.asyncDispose]()];
        equal(
          (await context.within(Promise.all(closing), "close")).slice(0, 2),
          [true, true],
          "the answers of close",
        );
        equal(process.exitStatus?.code, 137, "exitStatus.code");
        equal(await process.close(), true, "the answer of a later close");
        equal(await process.close(true), true, "the answer of a later close by force");
      },
    },
    {
      promise: "close(true) overtakes a close that waits",
      catches: "a force that queues behind killGrace",
      run: async (context) => {
        const [process] = await ready(context, programs.stubborn, LONG_GRACE);
        const patient = process.close();
        // The gentle one is under way when the other comes.
        await context.output(programs.nothing);
        equal(
          await context.within(process.close(true), "close by force"),
          true,
          "the answer of close by force",
        );
        equal(await context.within(patient, "the first close"), true, "the answer of the first close");
        equal(await process.wait(), 137, "the answer of wait");
      },
    },
    {
      promise: "close after the exit is true",
      catches: "a signal to a process that is gone, or an answer that says something is left",
      run: async (context) => {
        const process = await context.spawn(programs.exit42);
        await process.wait();
        equal(await context.within(process.close(), "close"), true, "the answer of close");
        equal(await context.within(process.close(true), "close"), true, "the answer of close by force");
        equal(await process.wait(), 42, "the answer of wait");
      },
    },
    {
      promise: "a read that is pending ends with what close ended",
      catches: "a reader that waits for ever",
      run: async (context) => {
        const [process, lines] = await ready(context, programs.sleeper, LONG_GRACE);
        const reading = lines.next();
        const error = context.within(process.stderrStream().text(), "the end of stderr");
        await context.within(process.close(), "close");
        equal(await reading, undefined, "the pending line");
        equal(await error, "", "stderr");
      },
    },
    {
      promise: "release ends everything that still runs",
      catches: "a process that outlives its executor",
      run: async (context) => {
        const executor = context.executor({ killGrace: KILL_GRACE });
        const processes = await Promise.all(
          [programs.sleeper, programs.server, programs.stubborn].map(({ argv }) => executor.spawn(argv)),
        );
        for (const process of processes) {
          equal(await new LineReader(context, process).next(), "ready", "the first line");
        }
        await context.within(executor.release(), "release");
        equal(processes.map(({ exitStatus }) => exitStatus?.code), [143, 0, 137], "how they ended");
        await context.within(executor.release(), "a second release");
      },
    },
    {
      promise: "what runs is killed when the host ends, where capabilities.killOnHostExit",
      catches: "processes that outlive a host that returned, crashed or was interrupted",
      elsewhere: "a host that ends can't watch: this takes a second process as the host",
      run: () => Promise.resolve(),
    },
  ],
};
