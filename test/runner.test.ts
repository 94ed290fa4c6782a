import { describe, expect, it } from "vitest";
import { createExecutor, createRunner, type Executor, run } from "../mod.ts";
import { failure } from "./support/outcome.ts";
import { lookingBackend, scripted } from "./support/scripted_run.ts";

const here = { cwd: "." };

describe("a runner", () => {
  it("runs with its options, and one run with others", async () => {
    const runner = createRunner({ ...here, env: { A: "1" }, commandPrefix: "B=2", maxOutput: 4 });
    expect((await runner.run("echo $A$B")).output).toBe("12\n");
    expect((await runner.run("echo $A$B", { env: { A: "3" }, commandPrefix: "B=4" })).output).toBe("34\n");
    expect(await runner.run("echo 12345", { maxOutput: Infinity })).toMatchObject({ output: "12345\n" });
    expect(await runner.run("echo 12345")).toMatchObject({ truncated: true });
  });

  it("takes an override that is undefined for none", async () => {
    const runner = createRunner({ ...here, maxOutput: 4, commandPrefix: "A=1" });
    const result = await runner.run("echo 12345 $A", {
      cwd: undefined!,
      maxOutput: undefined!,
      env: undefined!,
    });
    expect(result).toMatchObject({ truncated: true, output: expect.stringMatching(/ 1\n$/) });
  });

  it("looks for its shell once, for runs with other options too", async () => {
    for (const shell of [undefined, ["/bin/zsh", ["-c"]] as const]) {
      const { executor, lookups } = lookingBackend(["/bin/sh", "/bin/zsh"]);
      const runner = createRunner({ ...here, executor, ...(shell && { shell }) });
      expect(lookups).toEqual([]);
      await Promise.all([
        runner.run("a"),
        runner.run("b"),
        runner.run("c", { timeout: 500, env: { A: "1" } }),
      ]);
      await runner.run("d", { maxOutput: 5, shell: undefined!, executor: undefined! });
      expect(lookups).toEqual([shell ? ["/bin/zsh"] : ["/bin/bash", "/bin/sh"]]);
    }
  });

  it("looks again for a run with another shell or executor", async () => {
    const { backend, executor, lookups } = lookingBackend(["/bin/bash", "/bin/zsh"]);
    const other = lookingBackend(["/bin/sh"]);
    const runner = createRunner({ ...here, executor });
    await runner.run("a", { shell: ["/bin/zsh", ["-c"]] });
    await runner.run("b", { executor: other.executor });
    await runner.run("c");
    expect(lookups).toEqual([["/bin/zsh"], ["/bin/bash", "/bin/sh"]]);
    expect(other.backend.requests.map(({ argv }) => argv)).toEqual([["/bin/sh", "-c", "b"]]);
    const argv = backend.requests.map((request) => request.argv);
    expect(argv).toEqual([["/bin/zsh", "-c", "a"], ["/bin/bash", "--norc", "-c", "c"]]);
  });

  it("looks again after none was found", async () => {
    const present: string[] = [];
    const { executor } = lookingBackend(present);
    const runner = createRunner({ ...here, executor });
    expect(await failure(runner.run("a"))).toMatchObject({ kind: "INVALID", reason: "invalid_option" });
    present.push("/bin/sh");
    expect(await runner.run("a")).toMatchObject({ ok: true });
  });
});

describe("where the backend can't look for a shell", () => {
  const missing = () => failure(createExecutor().output("no-such-command-anywhere"));

  it("the next one is tried", async () => {
    const { backend, executor } = scripted();
    backend.refuse(await missing());
    expect(await run("true", { ...here, executor })).toMatchObject({ ok: true });
    expect(backend.requests.map(({ argv }) => argv[0])).toEqual(["/bin/bash", "/bin/sh"]);
  });

  it("none being there is told as such, whether it was named or not", async () => {
    const { backend, executor } = scripted();
    for (let i = 0; i < 2; i++) backend.refuse(await missing());
    const none = await failure(run("true", { ...here, executor }));
    expect(none).toMatchObject({
      kind: "INVALID",
      reason: "invalid_option",
      cause: { reason: "command_not_found" },
    });
    expect(none.message).toMatch(/"\/bin\/bash", "\/bin\/sh"/);
    backend.refuse(await missing());
    const named = await failure(run("true", { ...here, executor, shell: ["/bin/zsh", ["-c"]] }));
    expect(named).toMatchObject({ kind: "INVALID", reason: "invalid_option" });
    expect(named.message).toMatch(/"shell" names "\/bin\/zsh"/);
    expect(backend.requests).toHaveLength(3);
  });

  it("another failure is told as it is, and no other shell tried", async () => {
    const { backend, executor } = scripted();
    backend.refuse(await failure(run("true", { cwd: "/no/such/directory" })));
    expect(await failure(run("true", { ...here, executor }))).toMatchObject({ reason: "cwd_not_found" });
    expect(backend.requests).toHaveLength(1);
  });
});

describe("an executor that is not of this package", () => {
  it("runs the shell as it does any command", async () => {
    const inner = createExecutor();
    const commands: (string | readonly string[])[] = [];
    const outer: Executor = {
      exec: (command, options) => {
        commands.push(command);
        return inner.exec(command, options);
      },
      spawn: (command, options) => inner.spawn(command, options),
      output: (command, options) => inner.output(command, options),
      release: (options) => inner.release(options),
      [Symbol.asyncDispose]: () => inner.release(),
    };
    const result = await run("echo out; echo err >&2; exit 4", { ...here, executor: outer });
    expect(result).toMatchObject({
      ok: false,
      exitCode: 4,
      output: "out\nerr\n",
      ordered: true,
      complete: true,
    });
    expect(commands).toEqual([["/bin/bash", "--norc", "-c", "echo out; echo err >&2; exit 4"]]);
  });
});
