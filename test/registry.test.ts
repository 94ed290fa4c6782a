/**
 * The registry's own rules, on a backend without processes: ids, executors of one's own, release, remove, close,
 * configure.
 */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  type Backend,
  createRegistry,
  type ExecEvent,
  type Process,
  type Registry,
  type RegistryOptions,
} from "../mod.ts";
import * as ownCopy from "../mod.ts";
import { failure, outcome } from "./support/outcome.ts";
import { ScriptedBackend } from "./support/scripted_backend.ts";
import { temporaryDirectory } from "./support/temporary.ts";

/** A registry with one definition, `app:exec`, on a backend the test scripts. */
function scripted(options: RegistryOptions = {}) {
  const backend = new ScriptedBackend();
  const registry = createRegistry({ backend, ...options });
  registry.define("app:exec", { kind: "exec.native", defaultEnv: { A: "1" } });
  return { backend, registry };
}

/** An executor of it, with a process that runs. */
async function running(registry: Registry): Promise<{ executor: ownCopy.Executor; process: Process }> {
  const executor = await registry.get("app:exec");
  return { executor, process: await executor.spawn("server") };
}

describe("an id", () => {
  const malformed = [
    "",
    "app",
    "app:",
    ":exec",
    "app:exec:2",
    "app exec:a",
    "app:exec\n",
    "äpp:exec",
    "a/b:c",
    " a:b",
    7,
    null,
    undefined,
    {},
    ["app:exec"],
  ];

  it.each(malformed)("is refused everywhere when it is %j", async (id) => {
    const { registry } = scripted();
    const wrong = id as string;
    const calls = [
      () => registry.get(wrong),
      () => registry.define(wrong, { kind: "exec.native" }),
      () => registry.remove(wrong),
    ];
    for (const call of calls) {
      const error = await failure(call);
      expect(error).toMatchObject({ kind: "INVALID", reason: "invalid_id", retryable: false });
      expect(error.message).toContain(`write it as in "app:exec"`);
    }
    expect(registry.ids()).toEqual(["app:exec"]);
  });

  it.each(["a:b", "app.v2:exec-1", "_:_", "0:0", "-:.", "__proto__:constructor"])("may be %s", async (id) => {
    const { registry } = scripted();
    registry.define(id, { kind: "exec.native" });
    expect((await registry.get(id)).id).toBe(id);
    expect(registry.ids()).toEqual(["app:exec", id]);
  });

  it("that is unknown is told with the nearest there is", async () => {
    const { registry } = scripted();
    const error = await failure(registry.get("app:exce"));
    expect(error).toMatchObject({ kind: "NOT_FOUND", reason: "executor_not_found" });
    expect(error.message).toBe(`There is no executor "app:exce": did you mean "app:exec"?`);
    expect((await failure(registry.get("other:thing"))).message).toContain("define or load it first");
  });

  it("that is taken is refused, and what it stands for stays", async () => {
    const { registry, backend } = scripted();
    const error = await failure(() =>
      registry.define("app:exec", { kind: "exec.native", defaultEnv: { A: "2" } })
    );
    expect(error).toMatchObject({ kind: "ALREADY_EXISTS", reason: "executor_exists" });
    expect(error.message).toContain(`"app:exec" is defined already`);
    await running(registry);
    expect(backend.requests[0]!.env).toEqual({ A: "1" });
  });
});

describe("executors of one id", () => {
  it("are one each, and share what was made of the definition", async () => {
    const { registry, backend } = scripted();
    const [one, other] = await Promise.all([registry.get("app:exec"), registry.get("app:exec")]);
    expect(one).not.toBe(other);
    await one.spawn("a");
    await other.spawn("b");
    const [first, second] = backend.requests;
    expect(first!.env).toBe(second!.env);
    expect(first).toMatchObject({ inheritEnv: false, hostPath: true });
  });

  it("are released one by one", async () => {
    const { registry } = scripted();
    const [one, other] = [await running(registry), await running(registry)];
    await one.executor.release();
    expect([one.process.state, other.process.state]).toEqual(["closed", "running"]);
    expect(await failure(one.executor.exec("a"))).toMatchObject({
      kind: "INVALID",
      reason: "executor_released",
    });
    expect((await other.executor.spawn("b")).state).toBe("running");
    expect((await running(registry)).process.state).toBe("running");
  });

  it("may be released again, and with `await using`", async () => {
    const { registry } = scripted();
    let process: Process;
    {
      await using executor = await registry.get("app:exec");
      process = await executor.spawn("server");
      onTestFinished(() => executor.release());
    }
    expect(process.state).toBe("closed");
  });
});

describe("remove", () => {
  it("refuses new executors, and those that were given away work on", async () => {
    const { registry } = scripted();
    const { executor, process } = await running(registry);
    expect([registry.remove("app:exec"), registry.remove("app:exec")]).toEqual([true, false]);
    expect(registry.ids()).toEqual([]);
    expect(await failure(registry.get("app:exec"))).toMatchObject({ reason: "executor_not_found" });
    expect(process.state).toBe("running");
    expect((await executor.spawn("another")).state).toBe("running");
  });

  it("makes room for another definition, which leaves the old executors alone", async () => {
    const { registry, backend } = scripted();
    const { executor } = await running(registry);
    registry.remove("app:exec");
    registry.define("app:exec", { kind: "exec.native", defaultEnv: { A: "2" } });
    await running(registry);
    await executor.spawn("again");
    expect(backend.requests.map(({ env }) => env["A"])).toEqual(["1", "2", "1"]);
  });

  it.each(["removed", "removed and defined anew", "closed"])(
    "a get that waits for a policy comes to nothing when it is %s",
    async (how) => {
      let answer!: (allowed: boolean) => void;
      const { registry } = scripted({ policy: () => new Promise((resolve) => answer = resolve) });
      const getting = registry.get("app:exec");
      if (how === "closed") await registry.close();
      else registry.remove("app:exec");
      if (how === "removed and defined anew") registry.define("app:exec", { kind: "exec.native" });
      answer(true);
      expect(await failure(getting)).toMatchObject({ kind: "NOT_FOUND", reason: "executor_not_found" });
    },
  );
});

describe("close", () => {
  it("releases all executors, ends all that runs, and forgets all definitions", async () => {
    const { registry } = scripted();
    const all = [await running(registry), await running(registry)];
    registry.remove("app:exec");
    registry.define("app:other", { kind: "exec.native" });
    const idle = await registry.get("app:other");
    await registry.close();
    expect(all.map(({ process }) => process.state)).toEqual(["closed", "closed"]);
    for (const executor of [...all.map(({ executor }) => executor), idle]) {
      expect(await failure(executor.exec("a"))).toMatchObject({ reason: "executor_released" });
    }
    expect(registry.ids()).toEqual([]);
    expect(await failure(registry.get("app:other"))).toMatchObject({ reason: "executor_not_found" });
  });

  it("may be called again, also at the same time, and each call waits for the end", async () => {
    const { registry, backend } = scripted();
    await running(registry);
    backend.child.onKill = () => {};
    const closing = [registry.close(), registry.close()];
    expect(await Promise.all(closing.map((close) => outcome(() => close)))).toEqual([
      "(pending)",
      "(pending)",
    ]);
    backend.child.exitWith(0);
    await Promise.all(closing);
    await registry.close();
  });

  it("is what `await using` does", async () => {
    let process: Process;
    {
      await using registry = scripted().registry;
      process = (await running(registry)).process;
    }
    expect(process.state).toBe("closed");
  });

  it("keeps a process that was made before it from starting", async () => {
    const { registry, backend } = scripted();
    const process = await (await registry.get("app:exec")).exec("late");
    await registry.close();
    expect(await failure(process.start())).toMatchObject({ reason: "executor_released" });
    expect(backend.requests).toHaveLength(0);
  });

  it("leaves alone what release({ keepRunning: true }) left running", async () => {
    const { registry, backend } = scripted();
    const { executor, process } = await running(registry);
    await executor.release({ keepRunning: true });
    await registry.close();
    expect(process.state).toBe("running");
    expect(backend.child.kills).toEqual([]);
  });

  it("leaves what was configured in force, until it is configured anew", async () => {
    const { registry } = scripted({ policy: () => false });
    await registry.close();
    registry.define("app:exec", { kind: "exec.native" });
    expect(await failure(registry.get("app:exec"))).toMatchObject({ reason: "permission_denied" });
    await registry.close();
    const backend = new ScriptedBackend();
    registry.configure({ backend });
    registry.define("app:exec", { kind: "exec.native" });
    await running(registry);
    expect(backend.requests).toHaveLength(1);
  });

  it("does not need executors to be kept: one that was forgotten still ends with it", async () => {
    const { registry } = scripted();
    const process = await (await registry.get("app:exec")).spawn("server");
    await registry.close();
    expect(process.state).toBe("closed");
  });
});

describe("configure", () => {
  it("holds for definitions before and after it", async () => {
    const backend = new ScriptedBackend();
    const registry = createRegistry();
    registry.define("app:one", { kind: "exec.native" });
    registry.configure({ backend, killGrace: 0, handleSignals: false });
    registry.define("app:two", { kind: "exec.native" });
    for (const id of registry.ids()) await (await registry.get(id)).spawn("a");
    expect(backend.requests.map(({ handleSignals }) => handleSignals)).toEqual([false, false]);
  });

  it("comes once, and before the first get, whatever came of that", async () => {
    const twice = createRegistry();
    twice.configure({});
    expect(await failure(() => twice.configure({}))).toMatchObject({ reason: "invalid_option" });
    expect((await failure(() => createRegistry({}).configure({}))).message).toContain(
      "was configured already",
    );
    const late = createRegistry();
    await failure(late.get("no:such"));
    expect((await failure(() => late.configure({}))).message).toBe(
      "This registry has been asked for an executor already: configure it once, before its first get.",
    );
  });

  it("comes before a get that is still waiting", async () => {
    const registry = createRegistry();
    registry.define("app:exec", { kind: "exec.native" });
    const getting = registry.get("app:exec");
    expect(await failure(() => registry.configure({ policy: () => false }))).toMatchObject({
      reason: "invalid_option",
    });
    await (await getting).release();
  });

  it.each<[options: unknown, saying: string]>([
    [{ polici: () => true }, `Option "polici" is unknown here: did you mean "policy"?`],
    [{ policy: true }, `Option "policy" must be a function, got true.`],
    [{ policyTimeout: 0 }, `Option "policyTimeout" must be a positive number of milliseconds`],
    [{ policyTimeout: NaN }, `Option "policyTimeout" must be`],
    [{ policyTimeout: "1s" }, `got "1s"`],
    [{ onEvent: {} }, `Option "onEvent" must be a function, got an object.`],
    [{ backend: {} }, `Option "backend" must be a Backend`],
    [{ killGrace: -1 }, `Option "killGrace" must be`],
    [{ handleSignals: "no" }, `Option "handleSignals" must be true or false`],
    [{ clock: {} }, `Option "clock" must be a Clock`],
    [{ env: {} }, `Option "env" is unknown here`],
    [{ commandWhitelist: [] }, `Option "commandWhitelist" is unknown here`],
    [null, "Options must be an object, got null."],
    [[], "Options must be an object, got an array."],
  ])("refuses %j, and changes nothing then", async (options, saying) => {
    const registry = createRegistry();
    const error = await failure(() => registry.configure(options as RegistryOptions));
    expect(error).toMatchObject({ kind: "INVALID", reason: "invalid_option" });
    expect(error.message).toContain(saying);
    registry.configure({ policy: () => true });
  });

  it("is not changed by later changes to the options", async () => {
    const backend = new ScriptedBackend();
    const options: RegistryOptions = { backend, policy: () => false };
    const registry = createRegistry(options);
    delete options.policy;
    registry.define("app:exec", { kind: "exec.native" });
    expect(await failure(registry.get("app:exec"))).toMatchObject({ reason: "permission_denied" });
  });
});

describe("events of a registry", () => {
  it("tell of every executor and of denied requests, with ids, in order", async () => {
    const events: ExecEvent[] = [];
    const { registry, backend } = scripted({
      onEvent: (event) => events.push(event),
      policy: ({ resource }) => resource !== "rm x",
    });
    backend.prepare = (child) => child.exitWith(3);
    registry.define("app:other", { kind: "exec.native", commandWhitelist: ["ls"] });
    await (await registry.get("app:exec")).output("ls -l");
    await failure((await registry.get("app:exec")).exec("rm x"));
    await failure((await registry.get("app:other")).exec("id"));
    expect(events).toMatchObject([
      { type: "spawn", executorId: "app:exec", argv: ["ls", "-l"], pid: 1000 },
      { type: "exit", executorId: "app:exec", argv: ["ls", "-l"], pid: 1000, exitCode: 3 },
      { type: "denied", executorId: "app:exec", action: "exec.run", resource: "rm x", argv: ["rm", "x"] },
      { type: "denied", executorId: "app:other", action: "whitelist", resource: "id", argv: ["id"] },
    ]);
    expect(events[0]!.processId).toBe(events[1]!.processId);
    expect(events.every((event) => typeof event.time === "number" && Object.isFrozen(event))).toBe(true);
  });

  it("tell of an executor that nobody may have", async () => {
    const events: ExecEvent[] = [];
    const { registry } = scripted({ onEvent: (event) => events.push(event), policy: () => false });
    await failure(registry.get("app:exec"));
    expect(events).toMatchObject([
      { type: "denied", action: "exec.get", resource: "app:exec", executorId: "app:exec" },
    ]);
    expect(events[0]).not.toHaveProperty("argv");
  });

  it.each<[how: string, onEvent: () => void]>([
    ["throws", () => {
      throw new Error("the listener's own trouble");
    }],
    ["rejects", (() => Promise.reject(new Error("later trouble"))) as () => void],
  ])("do no harm when the listener %s", async (_, onEvent) => {
    const { registry, backend } = scripted({ onEvent, policy: ({ resource }) => resource !== "no" });
    backend.prepare = (child) => child.exitWith(0);
    const executor = await registry.get("app:exec");
    expect((await executor.output("yes")).ok).toBe(true);
    expect(await failure(executor.exec("no"))).toMatchObject({ reason: "permission_denied" });
  });
});

describe("the registry of the process", () => {
  it("is the same one for a second copy of the package, and so are its kinds and its errors", async () => {
    const directory = temporaryDirectory();
    for (const name of ["mod.ts", "src", "backends"]) {
      cpSync(new URL(`../${name}`, import.meta.url), join(directory, name), { recursive: true });
    }
    const copy = await import(pathToFileURL(join(directory, "mod.ts")).href) as typeof ownCopy;
    expect(copy.createExecutor).not.toBe(ownCopy.createExecutor);
    expect(copy.exec).toBe(ownCopy.exec);

    onTestFinished(() => ownCopy.exec.close());
    const backend: Backend = new ScriptedBackend();
    copy.registerKind("test.copied", { parse: () => ({}), create: () => ({ backend }) });
    ownCopy.exec.define("copy:exec", { kind: "test.copied" });
    const executor = await copy.exec.get("copy:exec");
    expect((await executor.spawn("a")).state).toBe("running");
    const error: unknown = await copy.exec.get("no:such").catch((error) => error);
    expect([copy.isExecError(error), ownCopy.isExecError(error)]).toEqual([true, true]);
  });

  it("is not the one createRegistry makes", () => {
    expect(createRegistry()).not.toBe(ownCopy.exec);
    expect(createRegistry()).not.toBe(createRegistry());
  });
});
