/**
 * Pipes that something holds longer than the command lives.
 * @module
 */
import { equal, includes, ok } from "./assert.ts";
import type { Concern } from "./case.ts";
import { LineReader, PATIENT } from "./context.ts";
import { programs } from "./programs.ts";

/** Well below the minute that a daemon of the suite lives, and above whatever a busy machine takes. */
const SOON = 15_000;

export const pipes: Concern = {
  name: "pipes held open",
  cases: [
    {
      promise: "wait resolves at the exit though a descendant holds the pipes",
      catches: "an exit that is told at the end of the streams",
      run: async (context) => {
        const process = await context.spawn(programs.quietDaemon, {
          drainIdle: Infinity,
          drainMax: Infinity,
        });
        const lines = new LineReader(context, process);
        equal(await lines.next(), "started", "the first line");
        const ms = await context.inTime("wait", () => process.wait());
        ok(ms < SOON, `wait took ${ms} ms`);
        equal(process.stdoutStream().complete, false, "complete");
        await context.within(process.close(true), "close");
      },
    },
    {
      promise: "reading to the end and then waiting returns although a silent daemon keeps the pipes",
      catches: "a loop that waits for a daemon",
      run: async (context) => {
        const process = await context.spawn(programs.quietDaemon);
        const stdout = process.stdoutStream();
        const ms = await context.inTime("the end of stdout", async () => {
          equal(await stdout.text(), "started\n", "stdout");
          equal(await process.stderrStream().text(), "", "stderr");
          equal(await process.wait(), 0, "the answer of wait");
        });
        ok(ms < SOON, `reading and waiting took ${ms} ms`);
        equal(stdout.complete, false, "complete");
        await context.within(process.close(true), "close");
      },
    },
    {
      promise: "reading to the end returns although a daemon writes on without a pause",
      catches: "a loop that reads a daemon's output for ever",
      run: async (context) => {
        const process = await context.spawn(programs.chattyDaemon, { drainMax: 300 });
        const stdout = process.stdoutStream();
        let text = "";
        const ms = await context.inTime("the end of stdout", async () => {
          const decoder = new TextDecoder();
          for await (const chunk of stdout) text += decoder.decode(chunk, { stream: true });
          equal(await process.wait(), 0, "the answer of wait");
        });
        ok(ms < SOON, `reading took ${ms} ms`);
        includes(text, "started\n", "stdout");
        equal(stdout.complete, false, "complete");
        await context.within(process.close(true), "close");
      },
    },
    {
      promise: "output returns although a daemon keeps the pipes, and says that it is not complete",
      catches: "output that hangs, or that claims to have seen the end",
      run: async (context) => {
        for (const program of [programs.quietDaemon, programs.chattyDaemon]) {
          let output;
          const ms = await context.inTime("output", async () => {
            output = await context.output(program, { drainMax: 300 });
          });
          ok(ms < SOON, `output of ${program.name} took ${ms} ms`);
          const { complete, exitCode, stdoutText } = output!;
          equal(complete, false, `complete of ${program.name}`);
          equal(exitCode, 0, `exitCode of ${program.name}`);
          includes(stdoutText(), "started\n", `stdout of ${program.name}`);
        }
      },
    },
    {
      promise: "what a short-lived descendant writes after the exit is kept",
      catches: "streams that are cut off at the exit",
      run: async (context) => {
        const { stdoutText, complete } = await context.output(programs.lateDescendant, PATIENT);
        equal(stdoutText(), "early\nlate\n", "stdout");
        equal(complete, true, "complete");
        const process = await context.spawn(programs.lateDescendant, PATIENT);
        equal(await context.within(process.wait(), "wait"), 0, "the answer of wait");
        equal(
          await context.within(process.stdoutStream().text(), "stdout"),
          "early\nlate\n",
          "stdout read after wait",
        );
      },
    },
  ],
};
