/**
 * What the core relies on and no caller sees: the promises of {@linkcode Child} and {@linkcode ByteSource}.
 * @module
 */
import type { Backend, ByteSource, Child } from "../../backend.ts";
import { equal, fail, ok } from "./assert.ts";
import type { Program } from "./behaviour.ts";
import type { Concern } from "./case.ts";
import type { Context } from "./context.ts";
import { programs } from "./programs.ts";

function spawn(backend: Backend, { argv }: Program): Promise<Child> {
  return backend.spawn({
    argv,
    env: {},
    inheritEnv: true,
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
    mergeStderr: false,
    group: backend.capabilities.processGroups,
  });
}

function piped(child: Child): Required<Pick<Child, "stdin" | "stdout" | "stderr">> {
  const { stdin, stdout, stderr } = child;
  if (!stdin || !stdout || !stderr) {
    fail("a child whose descriptors are all piped has stdin, stdout and stderr.");
  }
  return { stdin, stdout, stderr };
}

async function readLine(context: Context, source: ByteSource): Promise<string> {
  let text = "";
  while (!text.endsWith("\n")) {
    const chunk = await context.within(source.read(), "a line");
    if (chunk === null) break;
    text += new TextDecoder().decode(chunk);
  }
  return text;
}

export const seam: Concern = {
  name: "the seam",
  cases: [
    {
      promise: "a source answers bytes and then null, and null again",
      catches: "an end that rejects or hangs for who asks twice",
      run: async (context) => {
        const child = await spawn(context.backend, programs.hello);
        const { stdin, stdout, stderr } = piped(child);
        equal(await readLine(context, stdout), "Hello, World!\n", "stdout");
        equal(await context.within(stdout.read(), "the end"), null, "the end of stdout");
        equal(await context.within(stdout.read(), "the end"), null, "the end of stdout, again");
        equal(await context.within(stderr.read(), "the end"), null, "the end of stderr");
        equal((await context.within(child.exit, "exit")).code, 0, "the exit code");
        await context.within(stdin.close(), "the end of stdin");
      },
    },
    {
      promise: "closing a source answers a pending read with null, and may be done again",
      catches: "a read that hangs when the core gives a stream up",
      run: async (context) => {
        const child = await spawn(context.backend, programs.sleeper);
        const { stdin, stdout, stderr } = piped(child);
        equal(await readLine(context, stdout), "ready\n", "stdout");
        const pending = stdout.read();
        await context.within(Promise.resolve(stdout.close()), "close");
        equal(await context.within(pending, "the pending read"), null, "the pending read");
        equal(await context.within(stdout.read(), "a later read"), null, "a later read");
        await stdout.close();
        await child.kill("SIGKILL", "process");
        equal((await context.within(child.exit, "exit")).signal, "SIGKILL", "the signal");
        await stderr.close();
        await stdin.close();
      },
    },
    {
      promise: "a signal that comes too late is no error",
      catches: "a process that ended in between taken for one that can't be signalled",
      run: async (context) => {
        const child = await spawn(context.backend, programs.nothing);
        const { stdin, stdout, stderr } = piped(child);
        await context.within(child.exit, "exit");
        await child.kill("SIGTERM", "process");
        await child.kill("SIGKILL", "process");
        for (const end of [stdout, stderr, stdin]) await end.close();
      },
    },
    {
      promise: "groupGone is true when the last of the group has ended, and not before",
      catches: "a group told empty while something of it runs",
      needs: ["realProcesses", "processGroups"],
      run: async (context) => {
        const child = await spawn(context.backend, programs.leaver);
        const { stdin, stdout, stderr } = piped(child);
        const pid = Number(await readLine(context, stdout));
        ok(pid > 1, "it prints the id of its child");
        await context.within(child.exit, "exit");
        equal(await child.groupGone(), false, "groupGone while a child is left");
        await child.kill("SIGKILL", "group");
        // The kill is delivered when it has returned, but dying takes its time; a command takes longer.
        for (let i = 0; i < 100 && !await child.groupGone(); i++) await context.output(programs.nothing);
        equal(await context.isAlive(pid), false, "whether the child is alive");
        for (const end of [stdout, stderr, stdin]) await end.close();
      },
    },
    {
      promise: "a descriptor that is not piped has no end here",
      catches: "a pipe nobody reads, or a stream that was not asked for",
      run: async (context) => {
        const { backend } = context;
        const none = { stdin: "null", stdout: "null", stderr: "null" } as const;
        const request = {
          argv: programs.nothing.argv,
          env: {},
          inheritEnv: true,
          mergeStderr: false,
          ...none,
        };
        const child = await backend.spawn({ ...request, group: backend.capabilities.processGroups });
        equal([child.stdin, child.stdout, child.stderr].filter(Boolean).length, 0, "ends of pipes");
        equal((await context.within(child.exit, "exit")).code, 0, "the exit code");
      },
    },
  ],
};
