/**
 * Starting a command: what runs, with which words, and where.
 * @module
 */
import { equal, ok, rejects } from "./assert.ts";
import type { Concern } from "./case.ts";
import { LineReader } from "./context.ts";
import { HARD_WORDS } from "./data.ts";
import { PLAIN_FILE, programs } from "./programs.ts";

export const start: Concern = {
  name: "start",
  cases: [
    {
      promise: "a backend has a name for messages, and says what it can do by true or false",
      catches: "a capability left undefined",
      run: ({ backend }) => {
        ok(typeof backend.name === "string" && backend.name !== "", "the backend has a name");
        for (const name of ["processGroups", "mergedOutput", "killOnHostExit"] as const) {
          equal(typeof backend.capabilities[name], "boolean", `the type of capabilities.${name}`);
        }
        return Promise.resolve();
      },
    },
    {
      promise: "a string command runs as its words say",
      catches: "quotes that reach the command",
      run: async (context) => {
        const { stdoutText, exitCode } = await context.executor().output("echo 'Hello, World!'");
        equal(stdoutText(), "Hello, World!\n", "stdout");
        equal(exitCode, 0, "exitCode");
      },
    },
    {
      promise: "the words of an array arrive as they are",
      catches: "a shell in between, an empty word dropped, text cut to one byte a character",
      run: async (context) => {
        const { stdoutText } = await context.output(programs.hardWords);
        equal(stdoutText(), HARD_WORDS.map((word) => `[${word}]\n`).join(""), "stdout");
      },
    },
    {
      promise: "a non-zero exit is a result with its code",
      catches: "a code that is lost, taken for a signal or thrown as an error",
      run: async (context) => {
        const { nothing, exit1, exit42, exit143, exit255 } = programs;
        for (
          const [program, code] of [[nothing, 0], [exit1, 1], [exit42, 42], [exit143, 143], [
            exit255,
            255,
          ]] as const
        ) {
          const output = await context.output(program);
          equal(output.exitCode, code, `exitCode of ${program.name}`);
          equal(output.ok, code === 0, `ok of ${program.name}`);
          equal(output.signal, undefined, `signal of ${program.name}`);
        }
      },
    },
    {
      promise: "with check a non-zero exit rejects with exit_nonzero and the output",
      catches: "output lost on the way into an error",
      run: async (context) => {
        const error = await rejects(
          context.output(programs.exit42, { check: true }),
          "exit_nonzero",
          "INTERNAL",
        );
        equal(error.output?.exitCode, 42, "error.output.exitCode");
        ok((await context.output(programs.hello, { check: true })).ok, "a zero exit passes the check");
      },
    },
    {
      promise: "start resolves while the command runs",
      catches: "a start that waits for the end, or is not over before the command runs",
      run: async (context) => {
        const child = await context.spawn(programs.sleeper);
        equal(child.state, "running", "state");
        equal(await new LineReader(context, child).next(), "ready", "the first line");
      },
    },
    {
      promise: "pid, where there is one, is the number the command has",
      catches: "the number of a wrapper, which signals would go to",
      needs: ["realProcesses"],
      run: async (context) => {
        const child = await context.spawn(programs.ownPid);
        const text = await child.stdoutStream().text();
        if (child.pid !== undefined) equal(text, `${child.pid}\n`, "what the command says of itself");
        await child.wait();
      },
    },
    {
      promise: "cwd is the command's working directory",
      catches: "a cwd that is ignored",
      needs: ["realProcesses"],
      run: async (context) => {
        for (const cwd of ["/", "/dev"]) {
          equal((await context.output(programs.workDirectory, { cwd })).stdoutText(), `${cwd}\n`, "stdout");
        }
        const executor = context.executor({ cwd: new URL("file:///dev") });
        equal((await executor.output("pwd")).stdoutText(), "/dev\n", "stdout with a URL for all commands");
        equal(
          (await executor.output("pwd", { cwd: "/" })).stdoutText(),
          "/\n",
          "stdout with a cwd of its own",
        );
      },
    },
    {
      promise: "a relative executable is looked up in the command's cwd",
      catches: "one looked up in the host's cwd",
      needs: ["realProcesses"],
      run: async (context) => {
        const output = await context.executor().output(["./sh", "-c", "echo found"], { cwd: "/bin" });
        equal(output.stdoutText(), "found\n", "stdout");
      },
    },
    {
      promise: "an executable is looked up in the PATH of the command's own environment",
      catches: "one looked up in the host's PATH",
      needs: ["realProcesses"],
      run: (context) =>
        context.withFiles(async (directory) => {
          const executor = context.executor();
          await rejects(executor.output("polyspawn-script"), "command_not_found");
          const env = { PATH: `${directory}:/usr/bin:/bin` };
          equal((await executor.output("polyspawn-script a", { env })).stdoutText(), "a\n", "stdout");
          await rejects(executor.output("cat", { env: { PATH: "/dev" } }), "command_not_found");
        }),
    },
    {
      promise: "a script runs by its first line, with its argument",
      catches: "a file that is handed to no interpreter",
      needs: ["realProcesses"],
      run: (context) =>
        context.withFiles(async (directory) => {
          const output = await context.executor().output(["./polyspawn-script", "two words"], {
            cwd: directory,
          });
          equal(output.stdoutText(), "two words\n", "stdout");
          const { stdoutText } = await context.executor().output([`${directory}/polyspawn-script`, "a", "b"]);
          equal(stdoutText(), "a\nb\n", "stdout by the whole path");
        }),
    },
    {
      promise: "fifty commands at a time each get their own input and output",
      catches: "streams or exit codes mixed up between processes",
      run: async (context) => {
        const texts = Array.from({ length: 50 }, (_, i) => `input of ${i}\n`);
        const outputs = await Promise.all(texts.map((input) => context.output(programs.cat, { input })));
        equal(outputs.map(({ stdoutText }) => stdoutText()), texts, "what came back");
      },
    },
    {
      promise: "findExecutable answers the first candidate that can be executed, and runs nothing",
      catches: "a file without execute permission, or a directory, taken for a command",
      needs: ["realProcesses", "findExecutable"],
      run: async ({ backend }) => {
        const missing = "/no-such-directory/sh";
        equal(
          await backend.findExecutable!([missing, PLAIN_FILE, "/dev", "/bin/sh"]),
          "/bin/sh",
          "the answer",
        );
        equal(await backend.findExecutable!([missing]), undefined, "the answer when there is none");
      },
    },
  ],
};
