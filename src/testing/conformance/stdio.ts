/**
 * Descriptors that are connected to something else than a pipe.
 * @module
 */
import { equal, includes, rejects, throws } from "./assert.ts";
import type { Concern } from "./case.ts";
import { programs } from "./programs.ts";

export const stdio: Concern = {
  name: "descriptors",
  cases: [
    {
      promise: "an inherited descriptor is the host's own, and none to read or write here",
      catches: "a start that fails, or a stream that never gets anything",
      needs: ["inheritStdio"],
      run: async (context) => {
        const stdio = { stdin: "inherit", stdout: "inherit", stderr: "inherit" } as const;
        const { exitCode, stdout } = await context.within(context.output(programs.exit42, stdio), "output");
        equal(exitCode, 42, "exitCode");
        equal(stdout.length, 0, "bytes of stdout");
      },
      otherwise: {
        promise: "an inherited descriptor is refused as unsupported",
        catches: "a command that silently gets other descriptors than asked for",
        run: async (context) => {
          for (const name of ["stdin", "stdout", "stderr"]) {
            const error = await rejects(
              context.output(programs.nothing, { [name]: "inherit" }),
              "unsupported",
              "INVALID",
            );
            includes(error.message, context.backend.name, "the message");
          }
        },
      },
    },
    {
      promise: "a descriptor that is null takes and gives nothing",
      catches: "a command that blocks on output nobody reads, or waits for input",
      run: async (context) => {
        const stdio = { stdin: "null", stdout: "null", stderr: "null" } as const;
        equal((await context.output(programs.both, stdio)).exitCode, 0, "exitCode of a command that writes");
        equal((await context.output(programs.cat, stdio)).exitCode, 0, "exitCode of a command that reads");
      },
    },
    {
      promise: "a descriptor that is not piped has no stream",
      catches: "a stream that never ends, or is empty without a word",
      run: async (context) => {
        const process = await context.spawn(programs.hello, { stdout: "null", stdin: "null" });
        throws(() => process.stdoutStream(), "invalid_option");
        await rejects(process.writeStdin("x"), "invalid_option");
        equal(await process.stderrStream().text(), "", "stderr");
        equal(await process.wait(), 0, "the answer of wait");
      },
    },
  ],
};
