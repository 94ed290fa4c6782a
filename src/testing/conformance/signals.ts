/**
 * Signals: sent by number or name, and how a death by one is told.
 * @module
 */
import { type SignalName, signalNumber } from "../../signals.ts";
import { equal, ok, rejects } from "./assert.ts";
import type { Concern } from "./case.ts";
import { type Context, LineReader } from "./context.ts";
import { programs } from "./programs.ts";

/** A sleeping command must die of a signal, sent as it is given. */
async function dieOf(context: Context, sent: number | SignalName, name: SignalName): Promise<void> {
  const process = await context.spawn(programs.sleeper);
  equal(await new LineReader(context, process).next(), "ready", "the first line");
  await process.signal(sent);
  equal(
    await context.within(process.wait(), `death by ${sent}`),
    128 + signalNumber(name),
    `wait after ${sent}`,
  );
  equal(process.exitStatus?.signal, name, `exitStatus.signal after ${sent}`);
  equal(process.exitStatus?.code, 128 + signalNumber(name), `exitStatus.code after ${sent}`);
}

export const signals: Concern = {
  name: "signals",
  cases: [
    {
      promise: "a signal is sent by its number or its name",
      catches: "a number taken for an exit code, or a name nobody knows",
      run: async (context) => {
        await dieOf(context, 15, "SIGTERM");
        await dieOf(context, "SIGTERM", "SIGTERM");
        await dieOf(context, 9, "SIGKILL");
        await dieOf(context, "SIGUSR2", "SIGUSR2");
        // A shell starts its background commands with SIGINT ignored, and so may this host and its children be.
        if ((await context.output(programs.diesOfInterrupt)).ok) return;
        await dieOf(context, 2, "SIGINT");
        await dieOf(context, "SIGINT", "SIGINT");
      },
    },
    {
      promise: "a death by signal n is told as exit code 128 + n with the signal's name",
      catches: "a death that reads as success, or as the exit code of a wrapper",
      run: async (context) => {
        const { diesOfAlarm, diesOfKill, diesOfTerm, diesOfUsr1 } = programs;
        for (const program of [diesOfAlarm, diesOfKill, diesOfTerm, diesOfUsr1]) {
          const name = program.behaviour!.killedBy!;
          const output = await context.output(program);
          equal(output.exitCode, 128 + signalNumber(name), `exitCode of ${program.name}`);
          equal(output.signal, name, `signal of ${program.name}`);
          equal(output.ok, false, `ok of ${program.name}`);
        }
      },
    },
    {
      promise: "an exit code above 128 is no signal",
      catches: "an exit code that is taken apart as shells do",
      run: async (context) => {
        const { exitCode, signal } = await context.output(programs.exit143);
        equal(exitCode, 143, "exitCode");
        equal(signal, undefined, "signal");
      },
    },
    {
      promise: "a death by a real-time signal is never success",
      catches: "a signal without a name that reads as exit code 0",
      needs: ["realProcesses"],
      run: async (context) => {
        const { exitCode, ok: good } = await context.output(programs.diesOfRealTime);
        ok(exitCode !== 0, "the exit code is not 0");
        equal(good, false, "ok");
        const process = await context.spawn(programs.diesOfRealTime);
        ok(await context.within(process.wait(), "wait") !== 0, "wait does not answer 0");
      },
    },
    {
      promise: "a death by a real-time signal is never success, with no pipe to the command either",
      catches: "a signal without a name that is seen by the pipes' end alone",
      needs: ["realProcesses"],
      run: async (context) => {
        const output = await context.output(programs.diesOfRealTime, { stdout: "null", stderr: "null" });
        ok(output.exitCode !== 0, "the exit code is not 0");
        equal(output.ok, false, "ok");
      },
    },
    {
      promise: "signal reaches the process itself and not its children",
      catches: "a signal that goes to the whole group",
      needs: ["realProcesses"],
      run: async (context) => {
        const process = await context.spawn(programs.listener);
        const lines = new LineReader(context, process);
        const pid = await lines.pid();
        const visible = await context.isAlive(pid);
        await process.signal("SIGUSR1");
        equal(await lines.next(), "got it", "the line after the signal");
        // Many times: on a busy machine a child that got the signal too may take a while to die of it.
        for (let look = 0; look < 40; look++) {
          equal(await context.isAlive(pid), visible, "whether the child is alive as it was before");
        }
        if (!context.backend.capabilities.processGroups) await context.kill(pid);
        await process.close(true);
      },
    },
    {
      promise: "a signal after the exit does nothing",
      catches: "an error for coming late, or a signal to a stranger with the same number",
      run: async (context) => {
        const process = await context.spawn(programs.nothing);
        await process.wait();
        await process.signal("SIGTERM");
        await process.signal(9);
        equal(process.exitStatus?.code, 0, "exitStatus.code");
      },
    },
    {
      promise: "an unknown signal is refused",
      catches: "signal 0, or a number too high, that reaches the system",
      run: async (context) => {
        const process = await context.spawn(programs.sleeper);
        for (const signal of [0, -1, 1.5, 99, "SIGNOTHING" as SignalName]) {
          await rejects(process.signal(signal), "invalid_option", "INVALID");
        }
        equal(process.state, "running", "state");
        await process.close(true);
      },
    },
    {
      promise: "a process that was stopped can be ended",
      catches: "a close that waits for a process that can't react",
      needs: ["realProcesses"],
      run: async (context) => {
        // Its handler can't run: of SIGTERM alone it would never end.
        const process = await context.spawn(programs.server);
        equal(await new LineReader(context, process).next(), "ready", "the first line");
        await process.signal("SIGSTOP");
        equal(await context.within(process.close(), "close"), true, "the answer of close");
        equal(await context.within(process.wait(), "wait"), 137, "the answer of wait");
      },
    },
  ],
};
