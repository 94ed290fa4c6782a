import { relative } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { createExecutor, createRunner, run, type RunOptions, type Shell } from "../mod.ts";
import { failure } from "./support/outcome.ts";
import { ScriptedBackend } from "./support/scripted_backend.ts";
import { scripted } from "./support/scripted_run.ts";
import { temporaryDirectory } from "./support/temporary.ts";

const here = { cwd: "." };

describe("what is wrong is refused before anything is spawned", () => {
  const bad: Record<string, unknown[]> = {
    cwd: [undefined, "", 5, "a\0b", new URL("https://example.org/")],
    env: [5, [], { "": "x" }, { "A=B": "x" }, { A: 5 }, { A: "a\0b" }],
    timeout: [0, -1, NaN, -Infinity, "5", null],
    maxOutput: [-1, NaN, "5", null],
    commandPrefix: [5, {}, ["set -e"]],
    shell: ["/bin/sh", [], ["/bin/sh"], ["", ["-c"]], ["/bin/sh", "-c"], ["/bin/sh", [5]], [
      "/bin/sh",
      ["-c"],
      1,
    ]],
    executor: [5, {}, null],
    signal: [5, {}, null],
    input: [5, {}, null],
    onOutput: [5, {}, null],
    tee: [5, {}, null],
    keepBackground: ["yes", 1, null],
    drainIdle: [-1, NaN, "5", null],
    drainMax: [-1, NaN, "5", null],
  };
  for (const [name, values] of Object.entries(bad)) {
    it(name, async () => {
      const { backend, executor } = scripted();
      const runner = createRunner({ ...here, executor });
      for (const value of values) {
        const options = { ...here, executor, [name]: value } as RunOptions;
        const failures = [await failure(run("true", options)), await failure(() => createRunner(options))];
        if (value !== undefined) failures.push(await failure(runner.run("true", { [name]: value })));
        for (const { kind, reason, message, retryable } of failures) {
          expect({ kind, reason, retryable }).toEqual({
            kind: "INVALID",
            reason: "invalid_option",
            retryable: false,
          });
          expect(message).toContain(`"${name}"`);
        }
      }
      expect(backend.requests).toEqual([]);
    });
  }

  it("an environment value never shows in the message", async () => {
    const { message } = await failure(run("true", { ...here, env: { TOKEN: "hunter2\0" } }));
    expect(message).toContain("TOKEN");
    expect(message).not.toContain("hunter2");
  });

  it("an unknown option, with the nearest that exists", async () => {
    const options = { ...here, timeOut: 5 } as RunOptions;
    for (const error of [await failure(run("true", options)), await failure(() => createRunner(options))]) {
      expect(error.reason).toBe("invalid_option");
      expect(error.message).toMatch(/"timeOut".*"timeout"/);
    }
  });

  it("options, or overrides, that are no object", async () => {
    for (const options of [5, null, "cwd", []] as unknown as RunOptions[]) {
      expect(await failure(run("true", options))).toMatchObject({ reason: "invalid_option" });
      expect(await failure(createRunner(here).run("true", options))).toMatchObject({
        reason: "invalid_option",
      });
    }
    expect(await failure(run("true", undefined as unknown as RunOptions))).toMatchObject({
      reason: "invalid_option",
    });
  });

  it("a command that is empty, holds a NUL byte or is no string", async () => {
    const { backend, executor } = scripted();
    for (const command of ["", " \n\t ", "echo a\0b", ["echo", "a"], undefined, 5] as string[]) {
      const error = await failure(run(command, { ...here, executor }));
      expect(error).toMatchObject({ kind: "INVALID", reason: "invalid_command" });
    }
    const prefixed = await failure(run("true", { ...here, executor, commandPrefix: "a\0b" }));
    expect(prefixed).toMatchObject({ kind: "INVALID", reason: "invalid_command" });
    expect(backend.requests).toEqual([]);
  });

  it("a tee that is locked, by another run too", async () => {
    const { backend, executor } = scripted(() => {});
    const tee = new WritableStream<Uint8Array>();
    const runner = createRunner({ ...here, executor, tee });
    const first = runner.run("first");
    await expect.poll(() => backend.children.length).toBe(1);
    expect(await failure(runner.run("second"))).toMatchObject({ kind: "INVALID", reason: "invalid_option" });
    backend.child.exitWith(0);
    expect(await first).toMatchObject({ ok: true });
    backend.prepare = (child) => child.exitWith(0);
    expect(await runner.run("third")).toMatchObject({ ok: true });
    expect(backend.requests.map(({ argv }) => argv.at(-1))).toEqual(["first", "third"]);
  });

  it("what a policy or a whitelist denies", async () => {
    const backend = new ScriptedBackend();
    const denied = createExecutor({ backend, policy: ({ resource }) => !resource.includes("rm") });
    expect(await failure(run("rm -r x", { ...here, executor: denied }))).toMatchObject({
      reason: "permission_denied",
    });
    const listed = createExecutor({ backend, commandWhitelist: ["ls"] });
    expect(await failure(run("ls", { ...here, executor: listed }))).toMatchObject({
      reason: "command_not_allowed",
    });
    const released = createExecutor({ backend });
    await released.release();
    expect(await failure(run("ls", { ...here, executor: released }))).toMatchObject({
      reason: "executor_released",
    });
    expect(backend.requests).toEqual([]);
  });
});

describe("what a shell is given", () => {
  it("is its arguments and the text as one word, which a whitelist can name", async () => {
    const backend = new ScriptedBackend();
    backend.prepare = (child) => child.exitWith(0);
    const executor = createExecutor({ backend, commandWhitelist: [["/bin/zsh", "-f", "-c", "ls | wc -l"]] });
    const shell: Shell = ["/bin/zsh", ["-f", "-c"]];
    expect(await run("ls | wc -l", { ...here, executor, shell })).toMatchObject({ ok: true });
    expect(backend.requests[0]).toMatchObject({ argv: ["/bin/zsh", "-f", "-c", "ls | wc -l"], group: true });
    expect(backend.requests[0]).toMatchObject({ stdin: "null", stdout: "pipe", mergeStderr: true, cwd: "." });
  });

  it("is the executor's environment with env on top", async () => {
    const executor = createExecutor({ env: { A: "executor", B: "executor", C: "executor" } });
    const env = { B: "run", C: undefined };
    expect((await run('echo "$A $B ${C-unset}"', { ...here, executor, env })).output).toBe(
      "executor run unset\n",
    );
    const bare = createExecutor({ inheritEnv: false });
    const { output } = await run('echo "${HOME-unset} $A"', { ...here, executor: bare, env: { A: "run" } });
    expect(output).toBe("unset run\n");
  });

  it("is the environment as it was when the runner was made", async () => {
    const env = { A: "before" };
    const runner = createRunner({ ...here, env });
    env.A = "after";
    expect((await runner.run("echo $A")).output).toBe("before\n");
  });

  it("is the directory of the run: absolute, relative to the host, or a URL", async () => {
    const directory = temporaryDirectory();
    const executor = createExecutor({ cwd: "/" });
    for (const cwd of [directory, relative(process.cwd(), directory), pathToFileURL(directory)]) {
      expect((await run("pwd -P", { cwd, executor })).output).toBe(`${directory}\n`);
    }
  });
});
