/**
 * Nothing a command started survives its end, however that comes.
 * @module
 */
import type { Executor } from "../../executor.ts";
import type { ProcessOptions } from "../../options.ts";
import type { Process } from "../../process.ts";
import { equal, ok, rejects } from "./assert.ts";
import type { Program } from "./behaviour.ts";
import type { Case, Concern } from "./case.ts";
import { type Context, LineReader, PATIENT } from "./context.ts";
import { programs } from "./programs.ts";

/** A way to end a process. */
interface End {
  /** The subject of a sentence. */
  readonly name: string;
  readonly program: Program;
  /** What to start it with, and how to end it then. */
  readonly prepare: (context: Context) => {
    readonly options?: ProcessOptions;
    readonly end: (process: Process, executor: Executor) => Promise<unknown>;
  };
}

/** Bounds what a process must print before; a busy machine needs its time. */
const TIMEOUT = 1_000;

const close = () => ({
  end: async (process: Process) => equal(await process.close(), true, "the answer of close"),
});
const timeOut = (context: Context) => ({
  options: { timeout: context.patience(TIMEOUT) },
  end: (process: Process) => rejects(process.wait(), "timed_out", "TIMEOUT"),
});

const ENDS: readonly End[] = [
  { name: "close", program: programs.family, prepare: close },
  { name: "close where a descendant ignores SIGTERM", program: programs.stubbornFamily, prepare: close },
  {
    name: "close by force",
    program: programs.stubbornFamily,
    prepare: () => ({
      end: async (process) => equal(await process.close(true), true, "the answer of close"),
    }),
  },
  {
    name: "await using",
    program: programs.family,
    prepare: () => ({ end: async (process) => await process[Symbol.asyncDispose]() }),
  },
  {
    name: "release",
    program: programs.family,
    prepare: () => ({ end: (_, executor) => executor.release() }),
  },
  {
    name: "a timeout where a descendant ignores SIGTERM",
    program: programs.stubbornFamily,
    prepare: timeOut,
  },
  {
    name: "an abort",
    program: programs.family,
    prepare: () => {
      const controller = new AbortController();
      return {
        options: { signal: controller.signal },
        end: (process) => {
          controller.abort();
          return rejects(process.wait(), "canceled", "CANCELED");
        },
      };
    },
  },
];

/** Runs a family and ends it; answers the descendant's number. */
async function endFamily(context: Context, { name, program, prepare }: End): Promise<[number, Process]> {
  const executor = context.executor();
  const { options, end } = prepare(context);
  const process = await executor.spawn(program.argv, { ...PATIENT, ...options });
  const pid = await new LineReader(context, process).pid();
  await context.within(end(process, executor), `${name} to end it`);
  ok(process.exitStatus !== undefined, "the process itself has ended");
  return [pid, process];
}

function endingCase(end: End): Case {
  return {
    promise: `${end.name} leaves no descendant`,
    catches: "a signal that reaches the process alone, or an end told before it is one",
    needs: ["realProcesses", "processTrees"],
    run: async (context) => {
      const [pid, process] = await endFamily(context, end);
      equal(await context.isAlive(pid), false, "whether the descendant is alive");
      // Where commands don't see each other this is what tells: the descendant held the pipe.
      const stdout = process.stdoutStream();
      equal(await context.within(stdout.read(), "the end of stdout"), null, "stdout");
      equal(stdout.complete, true, "complete");
    },
    otherwise: {
      promise: `${end.name} ends the process itself, without process groups`,
      catches: "an end that fails because the group can't be reached",
      run: async (context) => {
        const [pid] = await endFamily(context, end);
        await context.kill(pid);
      },
    },
  };
}

export const groups: Concern = { name: "groups", cases: ENDS.map(endingCase) };
