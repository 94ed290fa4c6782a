/**
 * Fakes that are played by a function, and what only adversarial eyes look for in a fake.
 */
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import {
  createExecutor,
  createRegistry,
  createRunner,
  ExecError,
  type ExecErrorReason,
  registerKind,
  resolveShell,
  run,
} from "../../mod.ts";
import { EXEC_ERROR_REASONS } from "../../src/errors.ts";
import { fakeBackend, type FakeCall, type FakeReply, virtualClock } from "../../src/testing/mod.ts";

function scene() {
  const clock = virtualClock({ auto: true });
  const fake = fakeBackend({ clock });
  return { clock, fake, executor: createExecutor({ backend: fake, clock }) };
}
const failure = (promise: Promise<unknown>) =>
  promise.then(() => expect.fail("it did not fail"), (e: ExecError) => e);
const MIB = 2 ** 20;

registerKind("exec.faked-for-a-test", {
  parse: (config) => config,
  create: () => ({ backend: fakeBackend().on("git status", { stdout: "clean" }) }),
});

describe("a function plays a process", () => {
  it("that answers line by line, and exits", async () => {
    const { fake, executor } = scene();
    fake.on("calc", async (_, process) => {
      for (let line = await process.readLine(); line !== null; line = await process.readLine()) {
        if (line === "quit") process.exit(3);
        await process.stdout(`${line.length}\n`);
      }
    });
    const calc = await executor.spawn("calc");
    const lines = calc.stdoutStream().lines()[Symbol.asyncIterator]();
    for (const word of ["äöü", "", "four"]) {
      await calc.writeStdin(`${word}\n`);
      expect((await lines.next()).value).toBe(String(word.length));
    }
    await calc.writeStdin("quit\n");
    expect([await calc.wait(), await lines.next()]).toEqual([3, { done: true, value: undefined }]);
  });

  it("that handles one signal, ignores another, and dies of the rest", async () => {
    const { fake, executor } = scene();
    fake.on("server", async (_, process) => {
      process.onSignal("SIGINT");
      process.onSignal("SIGTERM", async () => {
        await process.stdout("bye");
        process.exit(0);
      });
      await process.delay(Infinity);
    });
    const polite = await executor.spawn("server");
    await polite.signal("SIGINT");
    const text = polite.stdoutStream().text();
    expect([await polite.close(), await polite.wait(), await text]).toEqual([true, 0, "bye"]);
    const other = await executor.spawn("server");
    await other.signal("SIGHUP");
    expect(await other.wait()).toBe(129);
  });

  it("that leaves something behind, which writes on until its group is ended", async () => {
    const { fake, executor, clock } = scene();
    let over = false;
    fake.on("daemon", async (_, process) => {
      process.background(async (background) => {
        try {
          for (let i = 0;; i++) {
            await background.stdout(`tick ${i}\n`);
            await background.delay(30);
          }
        } finally {
          over = true;
        }
      });
      await process.stdout("up\n");
    });
    const before = clock.now();
    const output = await executor.output("daemon");
    expect([output.complete, output.exitCode, clock.now() - before >= 1000]).toEqual([false, 0, true]);
    expect(output.stdoutText()).toMatch(/^(up\n|tick \d+\n)+$/);
    expect([over, fake.calls[0]?.signals]).toEqual([true, ["SIGTERM"]]);
  });

  it("that is killed amid a step does nothing more, and its finally runs", async () => {
    const { fake, executor } = scene();
    const seen: string[] = [];
    fake.on("worker", async (_, process) => {
      try {
        await process.delay(60_000);
        seen.push("went on");
      } finally {
        seen.push("finally");
      }
    });
    const error = await failure(executor.output("worker", { timeout: 10 }));
    expect([error.reason, seen]).toEqual(["timed_out", ["finally"]]);
  });

  it("whose reader is gone dies of SIGPIPE", async () => {
    const { fake, executor } = scene();
    fake.on("yes", async (_, process) => {
      for (;;) await process.stdout("y\n".repeat(1000));
    });
    const yes = await executor.spawn("yes");
    for await (const _ of yes.stdoutStream()) break;
    expect(await yes.wait()).toBe(141);
  });

  it("that closes its input", async () => {
    const { fake, executor } = scene();
    fake.on("deaf", async (_, process) => {
      process.closeStdin();
      await process.delay(Infinity);
    });
    const deaf = await executor.spawn("deaf");
    expect((await failure(deaf.writeStdin("x"))).reason).toBe("stdin_closed");
    await deaf.close();
  });

  it("that can't start: at once, or after a promise that was kept already", async () => {
    const { fake, executor } = scene();
    fake.on("now", () => ({ error: "os_permission" }));
    fake.on("soon", async () => await Promise.resolve({ error: new Error("no such mount") }));
    expect((await failure(executor.spawn("now"))).reason).toBe("os_permission");
    const soon = await executor.exec("soon");
    const error = await failure(soon.start());
    expect([error.reason, error.message.includes("no such mount"), soon.pid]).toEqual([
      "internal",
      true,
      undefined,
    ]);
  });

  it.each([
    ["a signal that nothing survives", (p: { onSignal: (s: "SIGKILL") => void }) => p.onSignal("SIGKILL")],
    ["an exit code that is none", (p: { exit: (code: number) => void }) => p.exit(1000)],
  ])("is told of %s", async (_, wrong) => {
    const { fake, executor } = scene();
    fake.on("a", (_, process) => wrong(process));
    expect((await failure(executor.output("a"))).reason).toBe("invalid_option");
  });

  it("whose answer has `times` is told that this is not how often it is asked", async () => {
    const { fake, executor } = scene();
    fake.on("a", () => ({ times: 2 }));
    expect((await failure(executor.output("a"))).message).toMatch(/"times"/);
  });
});

describe("standard input of a fake", () => {
  it.each([["as data", { stdout: "x" }], ["that says so", { readsStdin: true }]] as [string, FakeReply][])(
    "is taken to its end by a reply %s, however much, and is seen",
    async (_, reply) => {
      const { fake, executor } = scene();
      fake.on("sink", reply);
      const input = "0123456789abcdef".repeat(MIB / 4);
      await executor.output("sink", { input });
      expect(fake.calls[0]!.stdin === input).toBe(true);
    },
  );

  it("that comes late is waited for by a reply that says so", async () => {
    const fake = fakeBackend().on("sink", { readsStdin: true });
    async function* late() {
      for (const text of ["a", "b"]) {
        await new Promise((resolve) => setTimeout(resolve, 3));
        yield new TextEncoder().encode(text);
      }
    }
    await createExecutor({ backend: fake }).output("sink", { input: late() });
    expect(await fake.calls[0]!.stdinText()).toBe("ab");
  });

  it("is streamed to a function by `stdinText`, with bytes that are the writer's again", async () => {
    const { fake, executor } = scene();
    fake.on("sink", async (call) => ({ stdout: await call.stdinText() }));
    const sink = await executor.spawn("sink");
    const bytes = new TextEncoder().encode("abc");
    for (let i = 0; i < 3; i++) {
      await sink.writeStdin(bytes);
      bytes[0]!++;
    }
    await sink.closeStdin();
    expect(await sink.stdoutStream().text()).toBe("abcbbccbc");
  });

  it("that nobody gives is at its end for a function", async () => {
    const { fake, executor } = scene();
    fake.on("sort", async (call) => ({ stdout: `<${await call.stdinText()}>` }));
    expect((await executor.output("sort")).stdoutText()).toBe("<>");
  });

  it("is not waited for by a spawn that never writes", async () => {
    const { fake, executor } = scene();
    fake.on("git status", { stdout: "clean" });
    const status = await executor.spawn("git status");
    expect([await status.wait(), fake.calls[0]!.stdin, await fake.calls[0]!.stdinText()]).toEqual([
      0,
      "",
      "",
    ]);
  });

  it("that is not read holds the writer up, and the exit breaks the pipe", async () => {
    const { fake, executor } = scene();
    fake.on("deaf", { readsStdin: false, delay: 1000 });
    const deaf = await executor.spawn("deaf");
    const written = deaf.writeStdin(new Uint8Array(MIB)).then(() => "taken", (e: ExecError) => e.reason);
    expect([await deaf.wait(), await written]).toEqual([0, "stdin_closed"]);
  });
});

describe("output of a fake", () => {
  it("that is huge is held up by a reader that stops, and is whole for one that goes on", async () => {
    const { fake, executor } = scene();
    const huge = new Uint8Array(16 * MIB).map((_, index) => index % 251);
    fake.on("huge", { stdout: huge });
    const left = await executor.spawn("huge");
    await left.stdoutStream().read(1);
    await left.stdoutStream().close();
    expect([await left.wait(), left.exitStatus?.signal]).toEqual([141, "SIGPIPE"]);
    const { stdout } = await executor.output("huge");
    expect(stdout.length === huge.length && stdout.every((byte, index) => byte === index % 251)).toBe(true);
  });

  it("beyond maxBuffer ends it", async () => {
    const { fake, executor } = scene();
    fake.on("huge", { stdout: "x".repeat(4 * MIB), delay: Infinity });
    const error = await failure(executor.output("huge", { maxBuffer: MIB }));
    expect([error.reason, fake.calls[0]!.signals]).toEqual(["buffer_exceeded", ["SIGKILL"]]);
  });

  it("belongs to its reader: a change to it is no change of the rule, nor is one to what the rule was made of", async () => {
    const { fake, executor } = scene();
    const bytes = new TextEncoder().encode("abc");
    fake.on("a", { stdout: bytes, steps: [{ stderr: bytes }] });
    bytes.fill(0);
    for (let i = 0; i < 2; i++) {
      const { stdout, stderr } = await executor.output("a");
      expect([...stdout, ...stderr]).toEqual([97, 98, 99, 97, 98, 99]);
      stdout.fill(0);
      stderr.fill(0);
    }
  });

  it("is in the order written where stderr is merged, also by run", async () => {
    const { fake, executor } = scene();
    const steps = Array.from({ length: 1000 }, (_, i) => i % 3 ? { stdout: `${i} ` } : { stderr: `${i} ` });
    const expected = steps.map((_, i) => `${i} `).join("");
    fake.on("mixed", { steps }).onShell("mixed", { steps });
    expect((await executor.output("mixed", { mergeStderr: true })).stdoutText()).toBe(expected);
    expect(await run("mixed", { cwd: ".", executor })).toMatchObject({ output: expected, ordered: true });
  });

  it("does nothing where it is not piped", async () => {
    const { fake, executor } = scene();
    fake.on("a", { stdout: "x", stderr: "y", exitCode: 2 });
    const process = await executor.spawn("a", { stdin: "null", stdout: "null", stderr: "inherit" });
    expect(await process.wait()).toBe(2);
  });
});

describe("a fake is used", () => {
  it("through run, createRunner and resolveShell, without any shell, also one with no flag", async () => {
    const { fake, executor } = scene();
    fake.onShell("make", { stdout: "made" }).onShell(/^x/, { exitCode: 2 });
    const shell = ["/no/such/shell", []] as const;
    expect(await resolveShell({ shell, executor })).toEqual(shell);
    const runner = createRunner({ cwd: "/app", executor, shell, commandPrefix: "set -e" });
    expect(await runner.run("make")).toMatchObject({ ok: true, output: "made" });
    expect(await runner.run("x")).toMatchObject({ ok: false, exitCode: 2 });
    expect(fake.calls.map(({ argv, cwd }) => [argv, cwd])).toEqual([
      [["/no/such/shell", "set -e\nmake"], "/app"],
      [["/no/such/shell", "set -e\nx"], "/app"],
    ]);
    await expect(runner.run("other")).rejects.toMatchObject({ reason: "unexpected_command" });
  });

  it("through a registry", async () => {
    const registry = createRegistry();
    registry.define("app:git", { kind: "exec.faked-for-a-test" });
    const git = await registry.get("app:git");
    expect((await git.output("git status")).stdoutText()).toBe("clean");
    await registry.close();
  });

  it("under a policy and a whitelist, which come before it", async () => {
    const { fake } = scene();
    fake.on(["**"], {});
    const executor = createExecutor({
      backend: fake,
      commandWhitelist: ["a", "b"],
      policy: ({ argv }) => argv?.[0] === "a",
    });
    expect((await executor.output("a")).ok).toBe(true);
    expect((await failure(executor.output("b"))).reason).toBe("permission_denied");
    expect((await failure(executor.output("c"))).reason).toBe("command_not_allowed");
    expect(fake.calls.length).toBe(1);
  });

  it("with an abort, and one that came before starts nothing", async () => {
    const { fake, executor } = scene();
    fake.on("a", { delay: Infinity });
    const controller = new AbortController();
    const running = failure(executor.output("a", { signal: controller.signal }));
    await new Promise((resolve) => setTimeout(resolve, 1));
    controller.abort();
    expect((await running).reason).toBe("canceled");
    expect((await failure(executor.output("a", { signal: controller.signal }))).reason).toBe("canceled");
    expect(fake.calls.length).toBe(1);
  });

  it("by many calls at a time, each with what is its own", async () => {
    const { fake, executor } = scene();
    fake.on(["echo", "*"], async (call, process) => {
      await process.delay(Number(call.argv[1]) % 7);
      return { stdout: `${call.argv[1]}:${await call.stdinText()}` };
    });
    const numbers = Array.from({ length: 200 }, (_, index) => String(index));
    const texts = await Promise.all(
      numbers.map(async (n) => (await executor.output(["echo", n], { input: `in${n}` })).stdoutText()),
    );
    expect(texts).toEqual(numbers.map((n) => `${n}:in${n}`));
    expect(fake.calls.map(({ argv }) => argv[1])).toEqual(numbers);
  });
});

describe("what a fake saw is exact", () => {
  it("of place and environment, URLs and removed variables too", async () => {
    const { fake } = scene();
    fake.on(["**"], {});
    const executor = createExecutor({ backend: fake, env: { A: "1", B: "2" }, inheritEnv: false });
    await executor.output(["a", ""], { cwd: pathToFileURL("/tmp/with space"), env: { B: undefined, C: "" } });
    await executor.output("b", { inheritEnv: true, cwd: "sub" });
    expect(
      fake.calls.map(({ argv, command, cwd, env, inheritEnv }) => ({ argv, command, cwd, env, inheritEnv })),
    )
      .toEqual([
        {
          argv: ["a", ""],
          command: "a ''",
          cwd: "/tmp/with space",
          env: { A: "1", B: undefined, C: "" },
          inheritEnv: false,
        },
        { argv: ["b"], command: "b", cwd: "sub", env: { A: "1", B: "2" }, inheritEnv: true },
      ]);
    expect(Object.keys(fake.calls[0]!.env)).toEqual(["A", "B", "C"]);
  });

  it("as data that consoles show, comparisons see, and JSON keeps", async () => {
    const { fake, executor } = scene();
    fake.on("cat", {});
    await executor.output("cat", { cwd: "/app", env: { A: "1" }, input: "h\u00e4" });
    const call = fake.calls[0]!;
    const data = { argv: ["cat"], command: "cat", cwd: "/app", env: { A: "1" }, inheritEnv: true };
    expect(call).toEqual({ ...data, stdin: "h\u00e4", signals: [] });
    expect(call).not.toEqual({});
    expect(JSON.parse(JSON.stringify(call))).toEqual({ ...data, stdin: "h\u00e4", signals: [] });
    expect(inspect(call)).toContain(`stdin: ${inspect("h\u00e4")}`);
  });

  it("of input whose characters come in pieces, and of what was seen before more came", async () => {
    const { fake, executor } = scene();
    fake.on("cat", { delay: Infinity, ignores: ["SIGHUP"] });
    const cat = await executor.spawn("cat");
    const [call] = fake.calls as [FakeCall];
    await cat.writeStdin(Uint8Array.of(0x61, 0xc3));
    expect(call.stdin).toBe("a");
    await cat.writeStdin(Uint8Array.of(0xa4, 0xc3));
    await cat.closeStdin();
    expect([call.stdin, await call.stdinText()]).toEqual(["a\u00e4\ufffd", "a\u00e4\ufffd"]);
    await cat.signal("SIGHUP");
    const { signals } = call;
    await cat.close(true);
    expect([signals, call.signals]).toEqual([["SIGHUP"], ["SIGHUP", "SIGKILL"]]);
  });

  it("of calls that were refused or could not start, and of those a fallback ran", async () => {
    const inner = fakeBackend().on("cat", async (call) => ({ stdout: await call.stdinText() })).on("server", {
      delay: Infinity,
    });
    const fake = fakeBackend({ fallback: inner }).on("gone", { error: "command_not_found" });
    const executor = createExecutor({ backend: fake });
    await failure(executor.output("gone"));
    await failure(executor.output("never"));
    expect((await executor.output("cat", { input: "text" })).stdoutText()).toBe("text");
    const server = await executor.spawn("server");
    await server.close();
    expect(fake.calls.map(({ command, stdin, signals }) => [command, stdin, signals])).toEqual([
      ["gone", "", []],
      ["never", "", []],
      ["cat", "text", []],
      ["server", "", ["SIGTERM"]],
    ]);
    for (const call of fake.calls) await call.stdinText();
  });

  it("and a fallback is not asked for what it can't do", async () => {
    const inner = fakeBackend().on("a", {});
    const capabilities = { ...inner.capabilities, mergedOutput: false };
    const fake = fakeBackend({ fallback: { name: "poor", capabilities, spawn: (r) => inner.spawn(r) } });
    const error = await failure(createExecutor({ backend: fake }).output("a", { mergeStderr: true }));
    expect(error.reason).toBe("unsupported");
  });
});

describe("a start error of a fake", () => {
  it.each(EXEC_ERROR_REASONS)("can be %s", async (reason) => {
    const { fake, executor } = scene();
    fake.on("a", { error: reason as ExecErrorReason });
    const process = await executor.exec("a");
    expect(await failure(process.start())).toMatchObject({ reason, kind: new ExecError(reason, "").kind });
    expect((await failure(process.wait())).reason).toBe(reason);
  });

  it("can be of a reason of one's own, by an error", async () => {
    const { fake, executor } = scene();
    fake.on("a", {
      error: new ExecError("quota", "No more today.", { kind: "UNAVAILABLE", retryable: true }),
    });
    expect(await failure(executor.output("a"))).toMatchObject({ reason: "quota", retryable: true });
  });
});

describe("a rule is strict", () => {
  it.each<[name: string, make: () => unknown, message: RegExp]>([
    [
      "a reason that is none",
      () => fakeBackend().on("a", { error: "comand_not_found" as never }),
      /command_not_found/,
    ],
    ["two ends", () => fakeBackend().on("a", { signal: "SIGTERM", exitCode: 1 }), /one way/],
    ["SIGKILL among those ignored", () => fakeBackend().on("a", { ignores: ["SIGKILL"] }), /survives/],
    ["steps that are no array", () => fakeBackend().on("a", { steps: { stdout: "a" } as never }), /array/],
    ["no answer", () => fakeBackend().on("a", undefined as never), /"answer"/],
    ["a promise of one", () => fakeBackend().on("a", Promise.resolve({}) as never), /"answer".*a promise/],
    [
      "output of what can't start",
      () => fakeBackend().on("a", { error: "os_permission", stdout: "a" }),
      /"error".*"stdout"/,
    ],
    ["a RegExp for commands", () => fakeBackend().on(/^git/ as never, {}), /onShell/],
    ["no command", () => fakeBackend().on("", {}), /command/i],
    ["no text for a shell", () => fakeBackend().onShell(["npm"] as never, {}), /"match".*a RegExp/],
    ["a fallback that is no backend", () => fakeBackend({ fallback: {} as never }), /fallback/],
    [
      "a fallback that says of nothing whether it can",
      () => fakeBackend({ fallback: { spawn: () => {} } as never }),
      /"capabilities"/,
    ],
    [
      "a clock that is none",
      () => fakeBackend({ clock: { now: () => 0 } as never }),
      /"clock" .*"setTimeout"/,
    ],
  ])("and refuses %s where it is made", (_, make, message) => {
    expect(make).toThrow(message);
  });

  it("and wildcards stand for words anywhere", async () => {
    const { fake, executor } = scene();
    fake.on(["git", "**", "--force", "*"], { exitCode: 9 });
    for (
      const [command, fits] of [
        ["git push --force a", true],
        ["git push x --force a", true],
        [
          "git --force a",
          true,
        ],
        ["git push --force", false],
        ["git push --force a b", false],
      ] as const
    ) {
      const outcome = await executor.output(command).then((o) => o.exitCode, (e: ExecError) => e.reason);
      expect([command, outcome]).toEqual([command, fits ? 9 : "unexpected_command"]);
    }
  });

  it("and many wildcards take no time, whether they fit or not", async () => {
    const { fake, executor } = scene();
    const pattern = ["tool", ...Array.from({ length: 40 }, () => ["**", "x"]).flat()];
    fake.on([...pattern, "end"], { exitCode: 1 }).on([...pattern, "**"], { exitCode: 2 });
    const command = ["tool", ...Array.from({ length: 400 }, () => "x")];
    expect((await executor.output(command)).exitCode).toBe(2);
    expect((await executor.output([...command, "end"])).exitCode).toBe(1);
  });

  it("and a predicate that answers late is refused, not taken for a yes", async () => {
    const { fake, executor } = scene();
    fake.on((async () => await Promise.resolve(false)) as never, {});
    expect((await failure(executor.output("a"))).reason).toBe("invalid_option");
  });

  it("and a message shows long commands whole, places, and rules that are used up", async () => {
    const { fake } = scene();
    fake.on(["curl", "*"], { times: 1 });
    const executor = createExecutor({ backend: fake, cwd: "/app" });
    const url = `https://example.org/${"x".repeat(200)}`;
    await executor.output(["curl", url]);
    const error = await failure(executor.output(["curl", url]));
    for (const part of [url, `"/app"`, "nearest is: curl * (used up)"]) expect(error.message).toContain(part);
    expect(error.details).toMatchObject({ argv: ["curl", url], cwd: "/app" });
  });
});
