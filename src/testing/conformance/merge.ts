/**
 * stdout and stderr as one stream, in the order written.
 * @module
 */
import { isExecError } from "../../errors.ts";
import { equal, includes, rejects, sameEnvironment, throws } from "./assert.ts";
import type { Case, Check, Concern } from "./case.ts";
import { counting, LineReader, PATIENT } from "./context.ts";
import { BOTH, PAIRS } from "./data.ts";
import { printed } from "./environment.ts";
import { programs } from "./programs.ts";
import { expectRefusal, refusals } from "./start_errors.ts";

const MERGED = { mergeStderr: true } as const;

/** What the contract says where a backend can't. */
const REFUSED: Check = {
  promise: "mergeStderr is refused as unsupported, before anything is spawned",
  catches: "two streams mixed by arrival and passed off as the order written",
  run: async (context) => {
    const [backend, spawned] = counting(context.backend);
    const executor = context.executor({ backend });
    const error = await rejects(executor.output(programs.hello.argv, MERGED), "unsupported", "INVALID");
    includes(error.message, context.backend.name, "the message");
    equal(spawned(), 0, "processes spawned");
  },
};

const CASES: readonly Case[] = [
  {
    promise: "merged output keeps the order written, line by line",
    catches: "two pipes mixed by arrival",
    needs: ["mergedOutput"],
    otherwise: REFUSED,
    run: async (context) => {
      const expected = Array.from({ length: PAIRS }, (_, i) => `out ${i}\nerr ${i}\n`).join("");
      for (let i = 0; i < 3; i++) {
        const output = await context.output(programs.alternating, MERGED);
        equal(output.stdoutText(), expected, "stdout");
        equal(output.stderr.length, 0, "bytes of stderr");
        equal(output.complete, true, "complete");
      }
    },
  },
  {
    promise: "merged output is all there, and there is no stderr beside it",
    catches: "bytes lost between two descriptors, or a second stream that stays empty",
    needs: ["mergedOutput"],
    run: async (context) => {
      const process = await context.spawn(programs.both, MERGED);
      throws(() => process.stderrStream(), "invalid_option");
      const stdout = await context.within(process.stdoutStream().bytes(), "stdout");
      equal(stdout.length, 2 * BOTH, "bytes of stdout");
      equal(await process.wait(), 0, "the answer of wait");
    },
  },
  {
    promise: "what was written last before a quick exit is not lost by merging",
    catches: "an exit that overtakes the data",
    needs: ["mergedOutput"],
    run: async (context) => {
      let left = Math.ceil(context.runs / 2);
      const worker = async () => {
        while (left-- > 0) {
          const process = await context.spawn(programs.pipeful, MERGED);
          equal(await process.wait(), 0, "the answer of wait");
          const stdout = process.stdoutStream();
          equal((await stdout.text()).length, 60_000, "bytes of stdout");
          equal(stdout.complete, true, "complete");
        }
      };
      await Promise.all([worker(), worker()]);
    },
  },
  {
    promise: "merged output can be read while the command runs, and feels backpressure",
    catches: "output that is held back, or read ahead without bound",
    needs: ["mergedOutput"],
    run: async (context) => {
      const process = await context.spawn(programs.dialogue, MERGED);
      const lines = new LineReader(context, process);
      equal(await lines.next(), "one", "the first line");
      await process.writeStdin("go\non\n");
      equal(await lines.next(), "two", "the second line");
      equal(await context.within(process.wait(), "wait"), 0, "the answer of wait");
      const busy = await context.spawn(programs.manyLines, MERGED);
      await context.within(busy.stdoutStream().read(1), "the first byte");
      await context.finishMeanwhile(programs.manyLines);
      equal(busy.state, "running", "state of the command that is not read on");
      await context.within(busy.close(true), "close");
    },
  },
  {
    promise: "merging does not change the environment",
    catches: "a shell in between that adds PWD, SHLVL or _",
    needs: ["mergedOutput"],
    run: async (context) => {
      const env = { POLYSPAWN_ADDED: "two words", PWD: "/somewhere", QUOTES: `"it's"\n$HOME` };
      for (const options of [{ env }, { env, inheritEnv: false }, {}, { inheritEnv: false }]) {
        sameEnvironment(await printed(context, { ...options, ...MERGED }), await printed(context, options));
      }
    },
  },
  {
    promise: "merging passes on a variable no shell can name, or refuses it as unsupported",
    catches: "a shell in between that drops it in silence",
    needs: ["mergedOutput"],
    run: async (context) => {
      const options = { env: { "a.b": "1", A: "2" }, inheritEnv: false };
      try {
        sameEnvironment(await printed(context, { ...options, ...MERGED }), await printed(context, options));
      } catch (error) {
        if (!isExecError(error)) throw error;
        equal(error.reason, "unsupported", "the reason");
        includes(error.message, "a.b", "the message");
      }
    },
  },
  {
    promise: "merging does not change how a start fails",
    catches: "a missing command that becomes exit code 127",
    needs: ["realProcesses", "mergedOutput"],
    run: async (context) => {
      for (const refusal of Object.values(refusals)) await expectRefusal(context, refusal, MERGED);
    },
  },
  {
    promise: "merging does not change exit codes, deaths by a signal or input",
    catches: "the exit of a wrapper told for the command's own",
    needs: ["mergedOutput"],
    run: async (context) => {
      equal((await context.output(programs.exit42, MERGED)).exitCode, 42, "exitCode");
      const killed = await context.output(programs.diesOfKill, MERGED);
      equal([killed.exitCode, killed.signal], [137, "SIGKILL"], "exitCode and signal");
      equal(
        (await context.output(programs.cat, { ...MERGED, input: "in\n" })).stdoutText(),
        "in\n",
        "stdout",
      );
    },
  },
  {
    promise: "merging does not change how a command is ended",
    catches: "a descriptor the host keeps, so that the stream never ends",
    needs: ["mergedOutput"],
    run: async (context) => {
      const process = await context.spawn(programs.sleeper, { ...MERGED, ...PATIENT });
      const lines = new LineReader(context, process);
      equal(await lines.next(), "ready", "the first line");
      equal(await context.within(process.close(), "close"), true, "the answer of close");
      equal(await lines.next(), undefined, "the line after close");
      const endless = await context.spawn(programs.endless, MERGED);
      for await (const _ of endless.stdoutStream()) break;
      equal(await context.within(endless.wait(), "wait") !== 0, true, "whether it could not write on");
      const { stdoutText, complete } = await context.output(programs.quietDaemon, MERGED);
      equal(stdoutText(), "started\n", "stdout where a daemon keeps the pipe");
      equal(complete, false, "complete where a daemon keeps the pipe");
    },
  },
];

export const merge: Concern = { name: "merged output", cases: CASES };
