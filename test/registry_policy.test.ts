/**
 * Policies of a registry: both questions are asked, every way through an executor leads past them, and a denial says
 * what was denied and by whom.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  allOf,
  anyOf,
  createExecutor,
  createRegistry,
  createRunner,
  type ExecError,
  type Executor,
  type Policy,
  type PolicyRequest,
  run,
} from "../mod.ts";
import { ManualClock } from "./support/manual_clock.ts";
import { failure, outcome } from "./support/outcome.ts";
import { ScriptedBackend } from "./support/scripted_backend.ts";
import { temporaryDirectory } from "./support/temporary.ts";

function scripted(policy: Policy, policyTimeout?: number) {
  const [backend, clock] = [new ScriptedBackend(), new ManualClock()];
  const registry = createRegistry({ backend, clock, policy, ...(policyTimeout && { policyTimeout }) });
  registry.define("app:exec", {
    kind: "exec.native",
    defaultWorkDir: "/srv",
    defaultEnv: { TOKEN: "hunter2" },
  });
  return { backend, clock, registry };
}

const giveOnly: Policy = ({ action }) => action === "exec.get";

describe("a policy of a registry", () => {
  it("is asked for the executor by its id, and for every command with what it would run", async () => {
    const asked: PolicyRequest[] = [];
    const { registry } = scripted((request) => Boolean(asked.push(request)));
    const executor = await registry.get("app:exec");
    await executor.spawn(["git", "log", "-n 1"], { cwd: "/tmp", env: { A: "1" } });
    await executor.exec("git status");
    expect(asked).toEqual([
      { action: "exec.get", resource: "app:exec", executorId: "app:exec" },
      {
        action: "exec.run",
        resource: "git log '-n 1'",
        argv: ["git", "log", "-n 1"],
        cwd: "/tmp",
        executorId: "app:exec",
      },
      {
        action: "exec.run",
        resource: "git status",
        argv: ["git", "status"],
        cwd: "/srv",
        executorId: "app:exec",
      },
    ]);
    expect(asked.every((request) => Object.isFrozen(request))).toBe(true);
  });

  it("is not asked for an id that there is not, nor for a command the whitelist refuses", async () => {
    const asked: PolicyRequest[] = [];
    const { registry } = scripted((request) => Boolean(asked.push(request)));
    registry.define("app:none", { kind: "exec.native", commandWhitelist: [] });
    expect(await failure(registry.get("no:such"))).toMatchObject({ reason: "executor_not_found" });
    const executor = await registry.get("app:none");
    expect(await failure(executor.exec("true"))).toMatchObject({ reason: "command_not_allowed" });
    expect(asked.map(({ action }) => action)).toEqual(["exec.get"]);
  });

  it.each<[name: string, answer: unknown]>([
    ["false", false],
    ["nothing", undefined],
    ["a truthy string", "yes"],
    ["an object", {}],
    ["a Boolean object", new Boolean(true)],
    ["a truthy value later", Promise.resolve(1)],
    ["another promise's refusal", Promise.resolve(Promise.resolve(false))],
  ])("denies both with %s", async (_, answer) => {
    const { registry, backend } = scripted((() => answer) as Policy);
    expect(await failure(registry.get("app:exec"))).toMatchObject({
      kind: "INVALID",
      reason: "permission_denied",
      details: { action: "exec.get", resource: "app:exec" },
    });
    const then = scripted(((request) => giveOnly(request) || answer) as Policy);
    const executor = await then.registry.get("app:exec");
    expect(await failure(executor.spawn("git push"))).toMatchObject({
      kind: "INVALID",
      reason: "permission_denied",
      details: { action: "exec.run", resource: "git push" },
    });
    expect([backend.requests, then.backend.requests]).toEqual([[], []]);
  });

  it("that throws or rejects denies both, with what it threw as the cause", async () => {
    const trouble = new Error("the policy's own trouble");
    const throwing: Policy = () => {
      throw trouble;
    };
    for (const policy of [throwing, () => Promise.reject(trouble)]) {
      const error = await failure(scripted(policy).registry.get("app:exec"));
      expect(error).toMatchObject({ reason: "permission_denied", cause: trouble });
      expect(error.message).toContain("failed, which denied exec.get of");
      const executor = await scripted((request) => giveOnly(request) || policy(request)).registry.get(
        "app:exec",
      );
      expect(await failure(executor.exec("a"))).toMatchObject({
        reason: "permission_denied",
        cause: trouble,
      });
    }
  });
});

describe("there is no way round a policy", () => {
  /** A real executor of a registry that gives it away and lets it run nothing. */
  async function denied(): Promise<{ executor: Executor; marker: string; touch: string[] }> {
    const registry = createRegistry({ policy: giveOnly });
    onTestFinished(() => registry.close());
    registry.define("app:exec", { kind: "exec.native" });
    const marker = join(temporaryDirectory(), "it ran");
    return { executor: await registry.get("app:exec"), marker, touch: ["touch", marker] };
  }

  const ways: Record<string, (executor: Executor, touch: string[]) => Promise<unknown>> = {
    exec: (executor, touch) => executor.exec(touch),
    spawn: (executor, touch) => executor.spawn(touch).then((process) => process.wait()),
    output: (executor, touch) => executor.output(touch),
    run: (executor, touch) => run(`touch '${touch[1]}'`, { cwd: "/", executor }),
    "a runner": (executor, touch) => createRunner({ cwd: "/", executor }).run(`touch '${touch[1]}'`),
    "an override of a runner": (executor, touch) =>
      createRunner({ cwd: "/" }).run(`touch '${touch[1]}'`, { executor }),
    "a shell of one's own": (executor, touch) => run(touch[1]!, { cwd: "/", executor, shell: ["touch", []] }),
    "a method on its own": (executor, touch) => executor.output.call(executor, touch),
    "an object that inherits from it": (executor, touch) =>
      (Object.create(executor) as Executor).output(touch).catch((error: ExecError) => {
        // It has none of the executor's private state, so it can do nothing at all.
        expect(error).toBeInstanceOf(TypeError);
        return executor.output(touch);
      }),
  };

  it.each(Object.keys(ways))("by %s", async (way) => {
    const { executor, marker, touch } = await denied();
    expect(await failure(ways[way]!(executor, touch))).toMatchObject({ reason: "permission_denied" });
    expect(existsSync(marker)).toBe(false);
    // Only because the same way works without a policy does it prove anything here.
    const free = createExecutor();
    await ways[way]!(free, touch);
    if (way !== "exec") expect(existsSync(marker)).toBe(true);
    await free.release();
  });

  it("by its members: there are those of the interface and no others", async () => {
    const { executor } = await denied();
    const names = new Set<string | symbol>();
    for (let on: object = executor; on !== Object.prototype; on = Object.getPrototypeOf(on)) {
      Reflect.ownKeys(on).forEach((name) => names.add(name));
    }
    names.delete("constructor");
    expect([...names].map(String).sort()).toEqual(
      [String(Symbol.asyncDispose), "exec", "id", "output", "release", "spawn"].sort(),
    );
  });

  it("by changing the command while the policy thinks", async () => {
    let answer!: (allowed: boolean) => void;
    const { registry, backend } = scripted((request) =>
      giveOnly(request) || new Promise((resolve) => answer = resolve)
    );
    const executor = await registry.get("app:exec");
    const words = ["git", "status"];
    const options = { cwd: "/srv", env: { A: "1" } };
    const spawning = executor.spawn(words, options);
    await outcome(() => spawning);
    words[1] = "push";
    options.cwd = "/";
    options.env.A = "2";
    answer(true);
    await spawning;
    expect(backend.requests).toMatchObject([{ argv: ["git", "status"], cwd: "/srv", env: { A: "1" } }]);
  });
});

describe("a denial", () => {
  const onlyGit: Policy = ({ argv }) => argv?.[0] === "git";
  const onlyHere: Policy = ({ cwd }) => cwd === undefined;
  const listing: Policy = ({ resource }) => resource === "ls";
  function broken(): boolean {
    throw new Error("the policy's own trouble");
  }

  /** What is said of a denied command, and by which policy. */
  async function denial(
    policy: Policy,
    command: string,
    options = {},
  ): Promise<[message: string, policy: unknown]> {
    const { message, details } = await failure(
      createExecutor({ policy, backend: new ScriptedBackend() }).exec(command, options),
    );
    return [message, details["policy"]];
  }

  it.each<[name: string | undefined, policy: Policy, command: string, options?: object]>([
    ["onlyGit", onlyGit, "ls"],
    ["onlyHere", allOf(onlyGit, onlyHere), "git status", { cwd: "/" }],
    ["onlyGit", allOf(onlyGit, onlyHere), "ls", { cwd: "/" }],
    ["anyOf(onlyGit, listing)", anyOf(onlyGit, listing), "rm x"],
    ["anyOf(onlyGit, listing)", allOf(onlyHere, anyOf(onlyGit, listing)), "rm x"],
    ["onlyHere", allOf(anyOf(allOf(listing), onlyGit), onlyHere), "git status", { cwd: "/" }],
    ["anyOf(allOf(onlyGit, ?), listing)", anyOf(allOf(onlyGit, () => true), listing), "rm x"],
    ["allowed", { allowed: () => false }.allowed, "ls"],
    [undefined, (() => () => false)(), "ls"],
    [undefined, { policy: () => false }.policy, "ls"],
  ])("names the policy: %s", async (name, policy, command, options) => {
    const by = name === undefined ? "The policy" : `Policy "${name}"`;
    expect(await denial(policy, command, options)).toEqual([`${by} denied exec.run of "${command}".`, name]);
  });

  it("names the policy that failed", async () => {
    const message = `Policy "broken" failed, which denied exec.run of "ls".`;
    expect(await denial(broken, "ls")).toEqual([message, "broken"]);
    expect((await denial(anyOf(onlyGit, broken), "ls"))[0]).toContain(
      `Policy "anyOf(onlyGit, broken)" failed`,
    );
  });

  it("of an executor names its id", async () => {
    const error = await failure(scripted(onlyGit).registry.get("app:exec"));
    expect(error.message).toBe(`Policy "onlyGit" denied exec.get of "app:exec".`);
  });
});

describe("a policy that never answers", () => {
  const never: Policy = () => new Promise(() => {});

  it("is waited for, unless there is a policyTimeout: then it denies", async () => {
    const patient = scripted(never);
    expect(await outcome(() => patient.registry.get("app:exec"))).toBe("(pending)");
    await patient.clock.advance(24 * 3600_000);
    expect(patient.clock.pending).toBe(0);

    const { registry, clock } = scripted(never, 500);
    const getting = registry.get("app:exec");
    await clock.advance(499);
    expect(await outcome(() => getting)).toBe("(pending)");
    await clock.advance(1);
    const error = await failure(getting);
    expect(error).toMatchObject({ kind: "INVALID", reason: "permission_denied", retryable: false });
    expect(error.message).toBe(
      `Policy "never" gave no answer within 500 ms, which denied exec.get of "app:exec".`,
    );
  });

  it("denies a command, of a registry or not, and an answer that comes late changes nothing", async () => {
    for (
      const late of [
        (settle: (value: boolean) => void) => settle(true),
        (_: unknown, fail: (error: Error) => void) => fail(new Error("late")),
      ]
    ) {
      const [backend, clock] = [new ScriptedBackend(), new ManualClock()];
      let settle!: (value: boolean) => void;
      let fail!: (error: Error) => void;
      const slow: Policy = () => new Promise((resolve, reject) => [settle, fail] = [resolve, reject]);
      const executor = createExecutor({ backend, clock, policy: slow, policyTimeout: 1_000 });
      const denied = failure(executor.spawn("a"));
      await clock.advance(1_000);
      late(settle, fail);
      expect((await denied).message).toContain("gave no answer within 1000 ms");
      expect(backend.requests).toEqual([]);
    }
  });

  it("leaves no timer behind when the policy answers in time", async () => {
    for (
      const answer of [
        () => true,
        () => Promise.resolve(true),
        () => false,
        () => Promise.reject(new Error("no")),
      ]
    ) {
      const clock = new ManualClock();
      const executor = createExecutor({
        backend: new ScriptedBackend(),
        clock,
        policy: answer,
        policyTimeout: 1_000,
      });
      await executor.exec("a").catch(() => {});
      expect(clock.pending).toBe(0);
    }
  });

  it.each([0, -1, NaN, "1", null])("a policyTimeout of %s is refused", async (policyTimeout) => {
    const error = await failure(() => createExecutor({ policyTimeout: policyTimeout as number }));
    expect(error).toMatchObject({ reason: "invalid_option" });
    expect(error.message).toContain("policyTimeout");
  });

  it("does not keep run from answering in its own time", async () => {
    const registry = createRegistry({ policy: (request) => giveOnly(request) || never(request) });
    onTestFinished(() => registry.close());
    registry.define("app:exec", { kind: "exec.native" });
    const executor = await registry.get("app:exec");
    expect(await run("true", { cwd: "/", executor, timeout: 200 })).toMatchObject({
      ok: false,
      reason: "timeout",
    });
  });
});
