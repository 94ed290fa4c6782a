/**
 * The fake: what a test says of commands, and the promises of the core above it.
 */
import { describe, expect, it, vi } from "vitest";
import { createExecutor, type ExecError, run } from "../../mod.ts";
import { fakeBackend, type FakeReply, virtualClock } from "../../src/testing/mod.ts";

/** A fake on a clock that passes by itself, and an executor on both. */
function scene() {
  const clock = virtualClock({ auto: true });
  const fake = fakeBackend({ clock });
  return { clock, fake, executor: createExecutor({ backend: fake, clock }) };
}

const failure = (promise: Promise<unknown>) =>
  promise.then(() => expect.fail("it did not fail"), (e: ExecError) => e);

describe("a rule", () => {
  it.each([
    ["a command", "git log -1", "git log -1", true],
    ["a command that has more words", "git log", "git log -1", false],
    ["a pattern with any one word", ["git", "*", "-1"], "git log -1", true],
    ["a pattern with any one word for two", ["git", "*"], "git log -1", false],
    ["a pattern with any words at the end", ["git", "**"], "git log -1", true],
    ["a pattern with any words at the end for none", ["git", "**"], "git", true],
  ])("is for %s", async (_, match, command, answered) => {
    const { fake, executor } = scene();
    fake.on(match, { stdout: "yes" });
    const text = await executor.output(command).then((o) => o.stdoutText(), (e: ExecError) => e.reason);
    expect(text).toBe(answered ? "yes" : "unexpected_command");
  });

  it("is for what a function says", async () => {
    const { fake, executor } = scene();
    fake.on(({ argv, cwd }) => argv[0] === "git" && cwd === "/app", { exitCode: 7 });
    expect((await executor.output("git push", { cwd: "/app" })).exitCode).toBe(7);
    expect((await failure(executor.output("git push"))).reason).toBe("unexpected_command");
  });

  it("comes in the order of registration, and as often as `times` says", async () => {
    const { fake, executor } = scene();
    fake.on("next", { stdout: "1", times: 1 }).on("next", { stdout: "2", times: 2 }).on("next", {
      stdout: "3",
    });
    const texts: string[] = [];
    for (let i = 0; i < 5; i++) texts.push((await executor.output("next")).stdoutText());
    expect(texts).toEqual(["1", "2", "2", "3", "3"]);
  });

  it.each<[name: string, reply: unknown]>([
    ["an exit code that is none", { exitCode: 256 }],
    ["an unknown field", { stdotu: "a" }],
    ["a signal that is none", { signal: "SIGFOO" }],
    ["a delay that is none", { delay: -1 }],
    ["a step with two things", { steps: [{ stdout: "a", stderr: "b" }] }],
    ["a step that is none", { steps: [{ write: "a" }] }],
    ["no object", null],
  ])("is refused where it is made: %s", (_, reply) => {
    expect(() => fakeBackend().on("a", reply as FakeReply)).toThrow(
      expect.objectContaining({ reason: "invalid_option" }),
    );
  });
});

describe("a command without a rule", () => {
  it("is refused with the call, the rules and the nearest of them", async () => {
    const { fake, executor } = scene();
    fake.on("git status", {}).onShell("npm test", {});
    const error = await failure(executor.output("git stats"));
    expect([error.kind, error.reason]).toEqual(["NOT_FOUND", "unexpected_command"]);
    for (const part of ["  git stats\n", "nearest is: git status\n", "  in a shell: npm test"]) {
      expect(error.message).toContain(part);
    }
  });

  it("goes to the fallback, and is a call all the same", async () => {
    const other = fakeBackend().on("date", { stdout: "today" });
    const fake = fakeBackend({ fallback: other });
    expect((await createExecutor({ backend: fake }).output("date")).stdoutText()).toBe("today");
    expect([fake.calls.length, other.calls.length]).toEqual([1, 1]);
  });
});

describe("a reply", () => {
  it("writes its steps in order, with delays that take no real time", async () => {
    const { fake, executor, clock } = scene();
    fake.on("build", {
      steps: [{ stdout: "a" }, { delay: 60_000 }, { stderr: "b" }, { stdout: "c" }],
      exitCode: 3,
    });
    const before = clock.now();
    const output = await executor.output("build", { mergeStderr: true });
    expect([output.stdoutText(), output.exitCode, clock.now() - before]).toEqual(["abc", 3, 60_000]);
  });

  it("dies of a signal", async () => {
    const { fake, executor } = scene();
    fake.on("crash", { signal: "SIGSEGV" });
    expect(await executor.output("crash")).toMatchObject({ exitCode: 139, signal: "SIGSEGV" });
  });

  it.each(["command_not_found", "resource_exhausted", "os_permission", "cwd_not_found"] as const)(
    "does not start: %s",
    async (reason) => {
      const { fake, executor } = scene();
      fake.on("tool", { error: reason });
      const error = await failure(executor.output("tool"));
      expect([error.reason, error.retryable]).toEqual([reason, reason === "resource_exhausted"]);
    },
  );

  it("of a function sees standard input to its end", async () => {
    const { fake, executor } = scene();
    fake.on("sort", async (call) => ({ stdout: (await call.stdinText()).split("").sort().join("") }));
    expect((await executor.output("sort", { input: "cab" })).stdoutText()).toBe("abc");
  });

  it("that throws fails whoever waits, with what was thrown", async () => {
    const { fake, executor } = scene();
    const thrown = new Error("no such fixture");
    fake.on("tool", () => {
      throw thrown;
    });
    expect((await failure(executor.output("tool"))).cause).toBe(thrown);
  });
});

describe("a faked process keeps the promises of the core", () => {
  it("a timeout ends it, with what it printed", async () => {
    const { fake, executor } = scene();
    fake.on("slow", { stdout: "so far", delay: 3_600_000 });
    const error = await failure(executor.output("slow", { timeout: 30_000 }));
    expect([error.reason, error.output?.stdoutText(), fake.calls[0]?.signals]).toEqual([
      "timed_out",
      "so far",
      ["SIGTERM"],
    ]);
  });

  it("SIGKILL follows where it ignores SIGTERM", async () => {
    const { fake, executor, clock } = scene();
    fake.on("stubborn", { delay: Infinity, ignores: ["SIGTERM"] });
    const process = await executor.spawn("stubborn");
    const before = clock.now();
    expect([await process.close(), await process.wait(), clock.now() - before]).toEqual([true, 137, 5000]);
    expect(fake.calls[0]?.signals).toEqual(["SIGTERM", "SIGKILL"]);
  });

  it("a descendant that holds the pipe keeps nobody waiting", async () => {
    const { fake, executor } = scene();
    fake.on("daemon", { stdout: "up\n", holdsPipe: Infinity });
    const output = await executor.output("daemon");
    expect([output.stdoutText(), output.complete, output.exitCode]).toEqual(["up\n", false, 0]);
  });

  it("a reader that stops holds it up, and leaving breaks its pipe", async () => {
    const { fake, executor } = scene();
    fake.on("yes", { steps: Array.from({ length: 400 }, () => ({ stdout: "y\n".repeat(8192) })) });
    const process = await executor.spawn("yes");
    for await (const line of process.stdoutStream().lines()) {
      expect(line).toBe("y");
      break;
    }
    expect([await process.wait(), process.exitStatus?.signal]).toEqual([141, "SIGPIPE"]);
  });

  it("run gets what its shell was faked to do, prefix or not", async () => {
    const { fake, executor } = scene();
    fake.onShell("npm test", { stdout: "ok\n" }).onShell(/^sleep/, { stdout: "zz", delay: Infinity });
    const options = { cwd: ".", executor };
    expect(await run("npm test", { ...options, commandPrefix: "set -e" })).toMatchObject({
      ok: true,
      output: "ok\n",
    });
    expect(await run("npm test", { ...options, shell: ["zsh", ["-lc"]] })).toMatchObject({
      ok: true,
      output: "ok\n",
    });
    expect(await run("sleep 60", options)).toMatchObject({ ok: false, reason: "timeout", output: "zz" });
  });
});

describe("what a fake saw", () => {
  it("of a call: words, place, environment, input, signals, in order", async () => {
    const { fake, executor } = scene();
    fake.on("cat", { stdout: "x" }).on("server", { delay: Infinity });
    await executor.output("cat", { cwd: "/app", env: { A: "1" }, input: "hello" });
    const server = await executor.spawn("server");
    await server.signal("SIGHUP");
    await server.wait();
    expect(fake.calls[0]).toMatchObject({
      argv: ["cat"],
      command: "cat",
      cwd: "/app",
      env: { A: "1" },
      stdin: "hello",
    });
    expect(fake.calls[1]).toMatchObject({ argv: ["server"], signals: ["SIGHUP"] });
  });

  it("names rules nobody used, and forgets all on reset", async () => {
    const { fake, executor } = scene();
    fake.on("a", {}).on("b c", {}).onShell("d", {});
    await executor.output("a");
    expect(fake.unused()).toEqual(["b c", "in a shell: d"]);
    fake.reset();
    expect([fake.calls, fake.unused()]).toEqual([[], []]);
  });
});

describe("time", () => {
  it("passes only as told on a clock that is not automatic", async () => {
    const clock = virtualClock();
    const executor = createExecutor({
      backend: fakeBackend({ clock }).on("slow", { delay: Infinity }),
      clock,
    });
    let reason = "";
    void executor.output("slow", { timeout: 1000 }).catch((error: ExecError) => reason = error.reason);
    await clock.advance(999);
    expect(reason).toBe("");
    await clock.advance(1);
    expect([reason, clock.pending]).toEqual(["timed_out", 0]);
  });

  it("is vitest's with its fake timers", async () => {
    vi.useFakeTimers();
    try {
      const executor = createExecutor({
        backend: fakeBackend().on("slow", { stdout: "a", delay: Infinity }),
      });
      const failed = failure(executor.output("slow", { timeout: 30_000 }));
      await vi.advanceTimersByTimeAsync(40_000);
      expect((await failed).reason).toBe("timed_out");
    } finally {
      vi.useRealTimers();
    }
  });
});
