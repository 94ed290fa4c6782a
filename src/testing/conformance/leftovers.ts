/**
 * What a command left running when it exited by itself.
 * @module
 */
import type { OutputOptions } from "../../output_options.ts";
import { equal } from "./assert.ts";
import type { Program } from "./behaviour.ts";
import type { Concern } from "./case.ts";
import { type Context, LineReader } from "./context.ts";
import { programs } from "./programs.ts";

/** Collects the output of a program that leaves a child behind; answers the child's number. */
async function leave(context: Context, program: Program, options?: OutputOptions): Promise<number> {
  const { stdoutText, exitCode } = await context.within(context.output(program, options), "output");
  equal(exitCode, 0, "exitCode");
  return Number(stdoutText());
}

export const leftovers: Concern = {
  name: "what is left at the exit",
  cases: [
    {
      promise: "output ends what a command left behind",
      catches: "a background process that outlives the call",
      needs: ["realProcesses", "processGroups"],
      run: async (context) => {
        for (const program of [programs.leaver, programs.silentLeaver, programs.stubbornLeaver]) {
          const pid = await leave(context, program);
          equal(await context.isAlive(pid), false, `whether the child of ${program.name} is alive`);
        }
      },
      otherwise: {
        promise: "output returns although a command left something behind, without process groups",
        catches: "an output that waits for what it can't reach",
        run: async (context) => {
          for (const program of [programs.leaver, programs.silentLeaver]) {
            await context.kill(await leave(context, program));
          }
        },
      },
    },
    {
      promise: "keepBackground leaves alone what a command left behind",
      catches: "a daemon that dies with the command that started it",
      needs: ["realProcesses"],
      run: async (context) => {
        for (const program of [programs.leaver, programs.silentLeaver]) {
          const pid = await leave(context, program, { keepBackground: true });
          equal(await context.isAlive(pid), true, `whether the child of ${program.name} is alive`);
          await context.kill(pid);
          equal(
            await context.isAlive(pid),
            false,
            `whether the child of ${program.name} is alive after a kill`,
          );
        }
      },
    },
    {
      promise: "close after the exit ends what a command left behind, and wait alone does not",
      catches: "a group that is forgotten with the process that led it",
      needs: ["realProcesses", "processGroups"],
      run: async (context) => {
        const process = await context.spawn(programs.leaver);
        const pid = await new LineReader(context, process).pid();
        equal(await context.within(process.wait(), "wait"), 0, "the answer of wait");
        equal(await context.isAlive(pid), true, "whether the child is alive after wait");
        equal(await context.within(process.close(), "close"), true, "the answer of close");
        equal(await context.isAlive(pid), false, "whether the child is alive after close");
      },
    },
  ],
};
