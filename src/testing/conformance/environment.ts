/**
 * The command's environment: added to, taken from, or all there is.
 * @module
 */
import type { OutputOptions } from "../../output_options.ts";
import { equal, ok, sameEnvironment } from "./assert.ts";
import type { Concern } from "./case.ts";
import type { Context } from "./context.ts";
import { programs } from "./programs.ts";

/** Values that a shell, a line of a file or a C string could spoil. */
const HARD_VALUES = {
  A: "two words",
  EMPTY: "",
  EQUALS: "a=b=c",
  QUOTES: `"it's"`,
  DOLLAR: "$HOME `id`",
  TEXT: "é✓😀",
};

/** What `env` prints, in order of name. */
export async function printed(context: Context, options: OutputOptions): Promise<readonly string[]> {
  const { stdoutText } = await context.output(programs.environment, options);
  return stdoutText().split("\n").slice(0, -1).sort();
}

const lines = (env: Record<string, string>) =>
  Object.entries(env).map(([name, value]) => `${name}=${value}`).sort();

export const environment: Concern = {
  name: "environment",
  cases: [
    {
      promise: "variables arrive with their values as they are",
      catches: "a value that went through a shell or was cut at a sign",
      run: async (context) => {
        const got = await printed(context, { env: HARD_VALUES });
        sameEnvironment(got.filter((line) => lines(HARD_VALUES).includes(line)), lines(HARD_VALUES));
        const { stdoutText } = await context.output(programs.environment, { env: { LINES: "one\ntwo" } });
        ok(stdoutText().includes("LINES=one\ntwo\n"), "a value of two lines arrives as it is");
      },
    },
    {
      promise: "env is added to the inherited environment",
      catches: "one that replaces it, so that PATH and HOME are gone",
      needs: ["realProcesses"],
      run: async (context) => {
        const inherited = await printed(context, {});
        ok(inherited.some((line) => line.startsWith("PATH=")), "PATH is inherited");
        const expected = [...inherited, "POLYSPAWN_ADDED=1"].sort();
        sameEnvironment(await printed(context, { env: { POLYSPAWN_ADDED: "1" } }), expected);
      },
    },
    {
      promise: "a variable set to undefined is removed from the inherited ones",
      catches: 'a variable that stays, or becomes the text "undefined" or empty',
      needs: ["realProcesses"],
      run: async (context) => {
        const inherited = await printed(context, {});
        const names = inherited.map((line) => line.slice(0, line.indexOf("=")));
        const name = ["HOME", ...names].find((each) =>
          names.includes(each) && !/^(PATH|_|D?Y?LD_.*)$/.test(each)
        );
        ok(name !== undefined, "there is an inherited variable to remove");
        const expected = inherited.filter((line) => !line.startsWith(`${name}=`));
        sameEnvironment(await printed(context, { env: { [name]: undefined } }), expected);
      },
    },
    {
      promise: "a call's env goes over the executor's, and can take away from it",
      catches: "layers in the wrong order",
      run: async (context) => {
        const executor = context.executor({ env: { A: "executor", B: "executor" }, inheritEnv: false });
        const { stdoutText } = await executor.output("env", { env: { A: "call", B: undefined } });
        equal(stdoutText(), "A=call\n", "stdout");
      },
    },
    {
      promise: "without inheritEnv the environment is what was given and nothing else",
      catches: "variables of the host, or of a shell in between, that leak in",
      run: async (context) => {
        sameEnvironment(await printed(context, { inheritEnv: false, env: HARD_VALUES }), lines(HARD_VALUES));
        const odd = { "a.b": "1", "with-dash": "2", __proto: "3", lower: "4" };
        sameEnvironment(await printed(context, { inheritEnv: false, env: odd }), lines(odd));
      },
    },
    {
      promise: "without inheritEnv and PATH a command is found all the same, and gets no PATH",
      catches: "a lookup that fails, or a PATH made up for the command",
      run: async (context) => {
        sameEnvironment(await printed(context, { inheritEnv: false }), []);
        sameEnvironment(await printed(context, { inheritEnv: false, env: { A: "1" } }), ["A=1"]);
      },
    },
    {
      promise: "what a caller changes after exec changes nothing",
      catches: "words and variables that are shared and not copied",
      run: async (context) => {
        const argv = [...programs.environment.argv];
        const env: Record<string, string | undefined> = { A: "before" };
        const process = await context.executor().exec(argv, { env, inheritEnv: false });
        argv[0] = "no-such-command-here";
        env["A"] = "after";
        env["B"] = "added";
        await process.start();
        equal(await process.stdoutStream().text(), "A=before\n", "stdout");
        equal(process.argv, programs.environment.argv, "argv");
        ok(Object.isFrozen(process.argv), "argv is frozen");
        await process.wait();
      },
    },
  ],
};
