/**
 * Input for commands that do not read it, or not all of it.
 * @module
 */
import { isExecError } from "../../errors.ts";
import { equal, ok, rejects } from "./assert.ts";
import type { Concern } from "./case.ts";
import { LineReader } from "./context.ts";
import { MIB, mixedBytes } from "./data.ts";
import { programs } from "./programs.ts";

/** Why a promise rejects; handled from now on. */
async function reasonOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return isExecError(error) ? error.reason : String(error);
  }
  return "none";
}

export const deaf: Concern = {
  name: "input that is not read",
  cases: [
    {
      promise: "an endless input is left when the command has ended",
      catches: "input that outlasts the command, or a generator that is never told",
      run: async (context) => {
        let left = false;
        async function* endless() {
          try {
            for (;;) yield new TextEncoder().encode("line\n".repeat(1000));
          } finally {
            left = true;
          }
        }
        const { stdoutText, exitCode } = await context.within(
          context.output(programs.firstLine, { input: endless() }),
          "output",
        );
        equal(stdoutText(), "line\n", "stdout");
        equal(exitCode, 0, "exitCode");
        equal(left, true, "whether the generator was left");
      },
    },
    {
      promise: "a write to a command that does not read stays pending, and close ends it",
      catches: "memory that grows with every write, or a write that hangs for ever",
      run: async (context) => {
        const process = await context.spawn(programs.sleeper);
        equal(await new LineReader(context, process).next(), "ready", "the first line");
        const reasons = [
          reasonOf(process.writeStdin(mixedBytes(8 * MIB))),
          reasonOf(process.writeStdin("x")),
        ];
        let settled = false;
        reasons[0]!.then(() => settled = true);
        await context.finishMeanwhile(programs.cat, { input: mixedBytes(8 * MIB) });
        equal(settled, false, "whether the write has resolved or rejected");
        equal(await context.within(process.close(), "close"), true, "the answer of close");
        for (const reason of await context.within(Promise.all(reasons), "the pending writes")) {
          ok(reason === "stdin_closed" || reason === "process_closed", `the write rejects with "${reason}"`);
        }
      },
    },
    {
      promise: "a write to a command that has closed its stdin is stdin_closed",
      catches: "a broken pipe that nobody handles, or that is an internal error",
      run: async (context) => {
        const process = await context.spawn(programs.closesStdin);
        equal(await new LineReader(context, process).next(), "closed", "the first line");
        await rejects(
          context.within(process.writeStdin(mixedBytes(MIB)), "the write"),
          "stdin_closed",
          "UNAVAILABLE",
        );
        equal(process.state, "running", "state");
        equal(await context.within(process.close(), "close"), true, "the answer of close");
      },
    },
    {
      promise: "a write to a command that exits without reading is stdin_closed",
      catches: "a write that hangs, or a broken pipe that nobody handles",
      run: async (context) => {
        const process = await context.spawn(programs.nothing);
        const write = process.writeStdin(mixedBytes(5 * MIB));
        await rejects(context.within(write, "the write"), "stdin_closed", "UNAVAILABLE");
        equal(await context.within(process.wait(), "wait"), 0, "the answer of wait");
        await rejects(process.writeStdin("x"), "stdin_closed", "UNAVAILABLE");
        await process.closeStdin();
      },
    },
    {
      promise: "output of a command that does not read its input is a result like any other",
      catches: "a broken pipe that becomes an error of the command",
      run: async (context) => {
        for (const program of [programs.nothing, programs.exit42]) {
          const output = await context.within(
            context.output(program, { input: mixedBytes(5 * MIB) }),
            "output",
          );
          equal(output.exitCode, program === programs.nothing ? 0 : 42, "exitCode");
        }
      },
    },
  ],
};
