/**
 * What an executor allows, what it makes, what it tells, and what is left when it is released.
 */
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import type { ExecEvent, ExecutorOptions, Policy, PolicyRequest, ProcessOptions } from "../mod.ts";
import { settle } from "./support/manual_clock.ts";
import { failure, outcome } from "./support/outcome.ts";
import { type RunningScene, runningScene, scene } from "./support/scene.ts";
import { bytesOf } from "./support/scripted_backend.ts";

const PENDING = "(pending)";

describe("exec", () => {
  it("makes a process and starts nothing", async () => {
    const { executor, backend } = scene();
    const process = await executor.exec("git status");
    await settle();
    expect([process.state, backend.requests.length]).toEqual(["created", 0]);
  });

  it.each<[command: string | readonly string[], argv: string[]]>([
    [`git commit -m "a b"`, ["git", "commit", "-m", "a b"]],
    ["echo $HOME | cat > x && rm *", ["echo", "$HOME", "|", "cat", ">", "x", "&&", "rm", "*"]],
    [["git", "commit", "-m", `"a b"`, ""], ["git", "commit", "-m", `"a b"`, ""]],
  ])("takes %j for the words %j", async (command, argv) => {
    const { executor, backend } = scene();
    await executor.spawn(command);
    expect(backend.requests[0]!.argv).toEqual(argv);
  });

  it.each<[command: unknown]>([
    [""],
    [" \t\n"],
    ["echo 'a"],
    ["a\\"],
    ["a\0"],
    [[]],
    [["", "a"]],
    [["a\0"]],
    [["a", 1]],
    [5],
    [null],
    [
      undefined,
    ],
    [{}],
  ])("refuses %j, and asks no policy", async (command) => {
    let asked = false;
    const { executor, backend } = scene({ policy: () => asked = true });
    for (const method of ["exec", "spawn", "output"] as const) {
      const error = await failure(executor[method](command as string));
      expect(error).toMatchObject({ kind: "INVALID", reason: "invalid_command", retryable: false });
    }
    expect([asked, backend.requests.length]).toEqual([false, 0]);
  });
});

describe("a policy", () => {
  it("is asked once for each command, in exec, with what is about to run", async () => {
    const requests: PolicyRequest[] = [];
    const policy: Policy = (request) => Boolean(requests.push(request));
    const { executor } = scene({ policy, cwd: "/srv" });
    const process = await executor.exec(`git commit -m "a b"`);
    expect(requests).toEqual([{
      action: "exec.run",
      resource: "git commit -m 'a b'",
      argv: ["git", "commit", "-m", "a b"],
      cwd: "/srv",
    }]);
    expect(Object.isFrozen(requests[0]!.argv)).toBe(true);
    await process.start();
    await executor.spawn("ls", { cwd: "/tmp" });
    expect(requests.slice(1)).toEqual([{ action: "exec.run", resource: "ls", argv: ["ls"], cwd: "/tmp" }]);
  });

  it("is waited for", async () => {
    let answer!: (allowed: boolean) => void;
    const { executor, backend } = scene({ policy: () => new Promise((resolve) => answer = resolve) });
    const spawned = executor.spawn("ls");
    expect([await outcome(() => spawned), backend.requests.length]).toEqual([PENDING, 0]);
    answer(true);
    expect((await spawned).state).toBe("running");
  });

  const failing = new Error("the policy's own trouble");
  it.each<[name: string, policy: unknown, cause: unknown]>([
    ["false", () => false, undefined],
    ["false, later", () => Promise.resolve(false), undefined],
    ["a truthy string", () => "yes", undefined],
    ["1", () => 1, undefined],
    ["an object", () => ({ allowed: true }), undefined],
    ["true in an object that is no promise", () => new Boolean(true), undefined],
    ["a promise of a truthy value", () => Promise.resolve("true"), undefined],
    ["nothing", () => {}, undefined],
    ["null", () => null, undefined],
    ["an exception", () => {
      throw failing;
    }, failing],
    ["a rejection", () => Promise.reject(failing), failing],
    ["a rejection with true", () => Promise.reject(true), true],
    ["an exception of nothing", () => {
      throw undefined;
    }, undefined],
    [
      "an attempt to change the command",
      ({ argv }: PolicyRequest) => Boolean((argv as string[])[0] = "ls"),
      expect.any(TypeError),
    ],
  ])("that answers with %s denies", async (_, policy, cause) => {
    const { executor, backend } = scene({ policy: policy as Policy });
    for (const method of ["exec", "spawn", "output"] as const) {
      const error = await failure(executor[method](["rm", "-rf", "/ "]));
      expect(error).toMatchObject({
        kind: "INVALID",
        reason: "permission_denied",
        retryable: false,
        details: { action: "exec.run", resource: "rm -rf '/ '" },
      });
      expect(error.message).toMatch(/^The policy (failed, which )?denied exec.run of "rm -rf '\/ '"\.$/);
      expect(error.cause).toEqual(cause);
    }
    expect(backend.requests).toHaveLength(0);
  });

  it("that denies touches neither input nor signal", async () => {
    const { executor } = scene({ policy: () => false });
    const untouched = new Proxy({ [Symbol.asyncIterator]: () => expect.unreachable() }, {}) as AsyncIterable<
      Uint8Array
    >;
    expect(await failure(executor.output("cat", { input: untouched }))).toMatchObject({
      reason: "permission_denied",
    });
  });
});

describe("a whitelist", () => {
  const commandWhitelist = ["git status", ["echo", "a b"], "./tool --fast", "/usr/bin/env"];

  it.each<[command: string | string[]]>([
    ["git status"],
    ["git  'status'"],
    [["git", "status"]],
    ["echo 'a b'"],
    ["./tool --fast"],
    ["/usr/bin/env"],
  ])("allows exactly its words: %j", async (command) => {
    const { executor, backend } = scene({ commandWhitelist });
    await executor.spawn(command);
    expect(backend.requests).toHaveLength(1);
  });

  it.each<[command: string | string[]]>([
    ["git"],
    ["git status -s"],
    ["git status; id"],
    [["git status"]],
    [["git", "status", ""]],
    ["echo a b"],
    ["Git status"],
    ["/usr/bin/git status"],
    [["sh", "-c", "git status"]],
  ])("refuses all else: %j", async (command) => {
    const { executor, backend } = scene({ commandWhitelist });
    for (const method of ["exec", "spawn", "output"] as const) {
      const error = await failure(executor[method](command));
      expect(error).toMatchObject({
        kind: "PERMISSION_DENIED",
        reason: "command_not_allowed",
        retryable: false,
      });
      expect(error.message).toMatch(
        /^Command ".*" is not on the whitelist: add exactly these words to allow it\.$/,
      );
    }
    expect(backend.requests).toHaveLength(0);
  });

  it("of nothing allows nothing", async () => {
    expect(await failure(scene({ commandWhitelist: [] }).executor.exec("true"))).toMatchObject({
      reason: "command_not_allowed",
    });
  });

  it("is not widened by later changes to the array", async () => {
    const list = ["git status"];
    const { executor } = scene({ commandWhitelist: list });
    list.push("id");
    expect(await failure(executor.exec("id"))).toMatchObject({ reason: "command_not_allowed" });
  });

  it("comes before the policy, which can't widen it but can narrow it", async () => {
    const asked: string[] = [];
    const { executor } = scene({ commandWhitelist, policy: ({ resource }) => !asked.push(resource) });
    expect(await failure(executor.exec("id"))).toMatchObject({ reason: "command_not_allowed" });
    expect(await failure(executor.exec("git status"))).toMatchObject({ reason: "permission_denied" });
    expect(asked).toEqual(["git status"]);
  });

  it.each<[command: string, options: ProcessOptions, saying: string]>([
    ["git status", { env: { PATH: "/tmp" } }, `Option "env" names PATH, which `],
    ["git status", { env: { Path: "/tmp" } }, `Option "env" names Path, which `],
    ["git status", { env: { PATH: undefined } }, `Option "env" names PATH, which `],
    ["git status", { env: { LD_PRELOAD: "/tmp/x.so" } }, `Option "env" names LD_PRELOAD, which `],
    ["git status", { env: { LD_LIBRARY_PATH: "/tmp" } }, `Option "env" names LD_LIBRARY_PATH, which `],
    [
      "git status",
      { env: { DYLD_INSERT_LIBRARIES: "/tmp/x" } },
      `Option "env" names DYLD_INSERT_LIBRARIES, which `,
    ],
    ["git status", { inheritEnv: true }, `Option "inheritEnv" can't be set by a call`],
    [
      "./tool --fast",
      { cwd: "/tmp" },
      `Option "cwd" with the relative executable "./tool" can't be set by a call`,
    ],
  ])("keeps a call from giving %s another meaning by %j", async (command, options, saying) => {
    const { executor, backend } = scene({ commandWhitelist });
    for (const method of ["exec", "spawn", "output"] as const) {
      const error = await failure(executor[method](command, options));
      expect(error).toMatchObject({ kind: "INVALID", reason: "invalid_option" });
      expect(error.message).toContain(saying);
      expect(error.message).toContain("set it on the executor.");
      expect(error.message).not.toContain("/tmp");
    }
    expect(backend.requests).toHaveLength(0);
  });

  it.each<[command: string, options: ProcessOptions]>([
    ["git status", { cwd: "/tmp", inheritEnv: false, env: { GIT_DIR: "x", MYPATH: "y", OLD_X: "z" } }],
    ["/usr/bin/env", { cwd: "/tmp" }],
    ["./tool --fast", { timeout: 1000 }],
  ])("leaves a call the rest: %s with %j", async (command, options) => {
    await scene({ commandWhitelist }).executor.spawn(command, options);
  });

  it("lets the executor itself say all of it", async () => {
    const { executor, backend } = scene({
      commandWhitelist,
      cwd: "/srv",
      inheritEnv: true,
      env: { PATH: "/bin" },
    });
    await executor.spawn("./tool --fast");
    expect(backend.requests[0]).toMatchObject({ cwd: "/srv", inheritEnv: true, env: { PATH: "/bin" } });
  });
});

describe("release", () => {
  it("ends all that runs, with its group, and comes back when it is gone", async () => {
    const { executor, backend, clock } = scene({ killGrace: 300 });
    const processes = [await executor.spawn("a"), await executor.spawn("b")];
    backend.children[1]!.onKill = (signal) =>
      signal === "SIGKILL" ? backend.children[1]!.dieOf(signal) : undefined;
    const released = executor.release();
    await clock.advance(299);
    expect(await outcome(() => released)).toBe(PENDING);
    await clock.advance(1);
    expect(await outcome(() => released)).toBeUndefined();
    expect(backend.children.map(({ kills }) => kills)).toEqual([["SIGTERM group"], [
      "SIGTERM group",
      "SIGKILL group",
    ]]);
    expect(processes.map(({ state }) => state)).toEqual(["closed", "closed"]);
  });

  it("may be called again, also while it is under way", async () => {
    const { executor, child } = await runningScene();
    await Promise.all([executor.release(), executor.release()]);
    await executor.release();
    await executor[Symbol.asyncDispose]();
    expect(child.kills).toEqual(["SIGTERM group"]);
  });

  it("is what leaving an `await using` block does", async () => {
    const on = scene();
    {
      await using executor = on.executor;
      await executor.spawn("server");
    }
    expect(on.backend.child.kills).toEqual(["SIGTERM group"]);
  });

  it("is the end of the executor: nothing is made or started any more", async () => {
    const { executor, backend } = scene();
    const process = await executor.exec("server");
    await executor.release();
    for (const method of ["exec", "spawn", "output"] as const) {
      const error = await failure(executor[method]("server"));
      expect(error).toMatchObject({ kind: "INVALID", reason: "executor_released", retryable: false });
      expect(error.message).toBe("This executor was released: make or get another one.");
    }
    expect(await failure(process.start())).toMatchObject({ reason: "executor_released" });
    expect([process.state, backend.requests.length]).toEqual(["created", 0]);
    expect(await process.close()).toBe(true);
  });

  it("while a policy thinks makes nothing of what it allows then", async () => {
    let answer!: (allowed: boolean) => void;
    const { executor, backend } = scene({ policy: () => new Promise((resolve) => answer = resolve) });
    const made = failure(executor.exec("server"));
    await executor.release();
    answer(true);
    expect(await made).toMatchObject({ reason: "executor_released" });
    expect(backend.requests).toHaveLength(0);
  });

  it("while a process starts ends it, and waits for that", async () => {
    const { executor, backend } = scene();
    const open = backend.hold();
    const started = failure(executor.spawn("server"));
    await settle();
    const released = executor.release();
    expect(await outcome(() => released)).toBe(PENDING);
    expect(await started).toMatchObject({ reason: "process_closed" });
    open();
    await released;
    expect(backend.child.kills).toEqual(["SIGKILL group"]);
  });

  it("while a process starts that then can't start has nothing to end", async () => {
    const { executor, backend } = scene();
    const open = backend.hold();
    backend.refuse(new Error("no"));
    const started = failure(executor.spawn("server"));
    await settle();
    const released = executor.release();
    open();
    expect(await outcome(() => released)).toBeUndefined();
    expect(await started).toMatchObject({ reason: "process_closed" });
  });

  it("while output collects makes it come back with what there is", async () => {
    const { executor, backend } = scene();
    const output = executor.output("server");
    await settle();
    backend.child.out.push("so far");
    await settle();
    await executor.release();
    const result = await output;
    expect([result.ok, result.exitCode, result.stdoutText()]).toEqual([false, 143, "so far"]);
  });

  it("ends what an exited process left in its group", async () => {
    const { executor, process, child } = await runningScene();
    child.isGone = () => child.kills.length > 0;
    child.onKill = () => {};
    child.exitWith(0);
    await process.wait();
    await executor.release();
    expect([child.kills, process.state]).toEqual([["SIGTERM group"], "closed"]);
  });

  it("comes back though something can't be ended", async () => {
    const { executor, child, clock } = await runningScene();
    child.onKill = () => {};
    const released = executor.release();
    await clock.advance(7000);
    expect(await outcome(() => released)).toBeUndefined();
  });

  it("with keepRunning leaves running what runs, and ends it if it is called again without", async () => {
    const { executor, process, child } = await runningScene();
    const starting = await executor.exec("other");
    await executor.release({ keepRunning: true });
    expect(await failure(executor.exec("server"))).toMatchObject({ reason: "executor_released" });
    expect(await failure(starting.start())).toMatchObject({ reason: "executor_released" });
    await process.writeStdin("still there");
    expect([process.state, child.kills, child.stdin!.written]).toEqual(["running", [], "still there"]);
    await executor.release();
    expect([process.state, child.kills]).toEqual(["closed", ["SIGTERM group"]]);
  });

  it.each([[{ keepRunning: "yes" }], [{ keepRuning: true }]])(
    "refuses %j and releases nothing",
    async (options) => {
      const { executor, process } = await runningScene();
      expect(await failure(executor.release(options as never))).toMatchObject({ reason: "invalid_option" });
      expect(process.state).toBe("running");
      await executor.exec("server");
    },
  );
});

describe("an executor holds nothing of a process that is gone, so release leaves it as it was", () => {
  async function expectForgotten({ executor, process }: RunningScene) {
    await outcome(() => process.wait());
    await settle();
    expect(process.state).toBe("exited");
    await executor.release();
    expect(process.state).toBe("exited");
  }

  it("when its exit was the end of its group", async () => {
    const on = await runningScene();
    on.child.exitWith(0);
    await expectForgotten(on);
  });

  it("when the answer that its group is gone takes time", async () => {
    const on = await runningScene();
    on.child.isGone = () => settle().then(() => true);
    on.child.exitWith(0);
    await expectForgotten(on);
  });

  it("when a timeout ended what its exit left of its group", async () => {
    const on = await runningScene({ timeout: 1000 });
    on.child.isGone = () => on.child.kills.includes("SIGKILL group");
    await on.clock.advance(6000);
    await expectForgotten(on);
  });
});

describe("onEvent", () => {
  /** An executor that notes its events. */
  function watched(options: ExecutorOptions = {}) {
    const events: ExecEvent[] = [];
    return { ...scene({ onEvent: (event) => void events.push(event), ...options }), events };
  }
  const typesOf = (events: ExecEvent[]) => events.map(({ type }) => type);

  it("tells of a start and an exit: ids, words and times", async () => {
    const on = watched();
    const start = on.clock.now();
    const { process, child, clock } = await runningScene({ env: { TOKEN: "s3cret" } }, on);
    await clock.advance(250);
    child.out.push("s3cret");
    child.exitWith(3);
    await process.wait();
    const about = {
      executorId: undefined,
      processId: expect.stringMatching(/./),
      argv: ["server"],
      pid: 1000,
    };
    expect(on.events).toEqual([
      { type: "spawn", time: start, ...about },
      { type: "exit", time: start + 250, ...about, exitCode: 3, durationMs: 250 },
    ]);
    expect(new Set(on.events.map(({ processId }) => processId)).size).toBe(1);
    expect(JSON.stringify(on.events)).not.toContain("s3cret");
  });

  it("names each process differently", async () => {
    const on = watched();
    await on.executor.spawn("a");
    await on.executor.spawn("b");
    expect(new Set(on.events.map(({ processId }) => processId)).size).toBe(2);
  });

  it.each<[what: string, options: ProcessOptions, act: (on: RunningScene) => unknown, types: string[]]>([
    ["a timeout", { timeout: 1000 }, ({ clock }) => clock.advance(1000), ["spawn", "timeout", "exit"]],
    ["a timeout that needs SIGKILL", { timeout: 1000 }, ({ child, clock }) => {
      child.onKill = (signal) => signal === "SIGKILL" ? child.dieOf(signal) : undefined;
      return clock.advance(6000);
    }, ["spawn", "timeout", "killed", "exit"]],
    ["close", {}, ({ process }) => process.close(), ["spawn", "exit"]],
    ["close(true)", {}, ({ process }) => process.close(true), ["spawn", "killed", "exit"]],
    ["too much output", { maxBuffer: 1 }, ({ process, child }) => {
      void process.stdoutStream().text().catch(() => {});
      child.out.push("ab");
      return settle();
    }, ["spawn", "killed", "exit"]],
    ["release", {}, ({ executor }) => executor.release(), ["spawn", "exit"]],
    ["an exit and close", {}, async ({ process, child }) => {
      child.exitWith(0);
      await process.wait();
      await process.close();
    }, ["spawn", "exit"]],
  ])("tells of %s in order", async (_, options, act, types) => {
    const on = watched();
    const running = await runningScene(options, on);
    await act(running);
    await settle();
    expect(typesOf(on.events)).toEqual(types);
    const times = on.events.map(({ time }) => time);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it("tells of an abort, also before anything ran", async () => {
    const on = watched();
    const controller = new AbortController();
    const { process } = await runningScene({ signal: controller.signal }, on);
    controller.abort();
    await outcome(() => process.wait());
    expect(typesOf(on.events)).toEqual(["spawn", "canceled", "exit"]);
    on.events.length = 0;
    await failure(on.executor.spawn("server", { signal: controller.signal }));
    expect(on.events).toMatchObject([{ type: "canceled", argv: ["server"], pid: undefined }]);
  });

  it("tells of what policy and whitelist deny", async () => {
    const on = watched({ policy: () => false, commandWhitelist: ["git 'a b'"] });
    await failure(on.executor.exec("git 'a b'"));
    await failure(on.executor.exec("rm x"));
    const time = on.clock.now();
    expect(on.events).toEqual([
      { type: "denied", time, action: "exec.run", resource: "git 'a b'", argv: ["git", "a b"] },
      { type: "denied", time, action: "whitelist", resource: "rm x", argv: ["rm", "x"] },
    ]);
  });

  it.each<[what: string, onEvent: () => void]>([
    ["throws", () => {
      throw new Error("listener");
    }],
    ["rejects", () => Promise.reject(new Error("listener")) as never],
    ["rejects by a promise of another realm", () => runInNewContext("Promise.reject(new Error('listener'))")],
  ])("does no harm when the listener %s", async (_, onEvent) => {
    const { executor, backend } = scene({ onEvent, policy: ({ resource }) => resource === "server" });
    backend.prepare = (child) => {
      child.out.push("fine");
      child.exitWith(0);
    };
    expect(await executor.output("server")).toMatchObject({ ok: true, stdout: bytesOf("fine") });
    expect(await failure(executor.exec("other"))).toMatchObject({ reason: "permission_denied" });
  });
});
