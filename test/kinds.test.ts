/**
 * Kinds of definitions: registering one's own, and what the registry keeps of its rules whatever a kind says.
 */
import { describe, expect, it } from "vitest";
import {
  createExecutor,
  createRegistry,
  type ExecEvent,
  type ExecutorOptions,
  type Kind,
  registerKind,
  type Registry,
  type RegistryOptions,
} from "../mod.ts";
import { ManualClock } from "./support/manual_clock.ts";
import { failure } from "./support/outcome.ts";
import { ScriptedBackend } from "./support/scripted_backend.ts";

let count = 0;

/** Registers a kind under a name of its own, and defines `own:exec` of it. */
function define(kind: Partial<Kind<unknown>>, options: RegistryOptions = {}, fields: object = {}): Registry {
  const name = `test.kind${++count}`;
  registerKind(name, { parse: (config) => config, create: () => ({}), ...kind });
  const registry = createRegistry(options);
  registry.define("own:exec", { ...fields, kind: name });
  return registry;
}

/** A backend that tells when it is disposed of. */
class DisposableBackend extends ScriptedBackend {
  disposed = 0;

  [Symbol.asyncDispose](): Promise<void> {
    this.disposed++;
    return Promise.resolve();
  }
}

describe("a kind of one's own", () => {
  it("checks a definition's fields, without kind and name, and makes the options of its executors from what it answered", async () => {
    const backend = new ScriptedBackend();
    const seen: unknown[] = [];
    registerKind("test.remote", {
      parse: (config) => {
        seen.push(config);
        return { host: String(config["host"]) };
      },
      create: ({ host }) => ({ backend, env: { HOST: host }, cwd: "/srv" }),
    });
    const registry = createRegistry();
    registry.load([
      { id: "a:one", kind: "test.remote", host: "one" },
      { namespace: "a", entries: [{ name: "two", kind: "test.remote", host: "two", port: 7 }] },
    ]);
    registry.load({ "a:three": { kind: "test.remote", host: "three" } });
    expect(seen).toEqual([{ host: "one" }, { host: "two", port: 7 }, { host: "three" }]);
    for (const id of registry.ids()) await (await registry.get(id)).spawn("tool");
    expect(backend.requests.map(({ env, cwd }) => [env["HOST"], cwd])).toEqual([
      ["one", "/srv"],
      ["two", "/srv"],
      ["three", "/srv"],
    ]);
  });

  it("makes them once for all executors of a definition, when the first is asked for, also at the same time", async () => {
    let created = 0;
    const backend = new ScriptedBackend();
    const registry = define({
      create: async () => {
        await Promise.resolve();
        return { backend, env: { N: String(++created) } };
      },
    });
    expect(created).toBe(0);
    const executors = await Promise.all([registry.get("own:exec"), registry.get("own:exec")]);
    for (const executor of [...executors, await registry.get("own:exec")]) await executor.spawn("tool");
    expect(backend.requests.map(({ env }) => env["N"])).toEqual(["1", "1", "1"]);
  });

  it("is tried again after it has failed", async () => {
    let tries = 0;
    const registry = define({
      create: () => {
        if (++tries === 1) throw new Error("the engine sleeps");
        return { backend: new ScriptedBackend() };
      },
    });
    const error = await failure(registry.get("own:exec"));
    expect(error).toMatchObject({ kind: "INTERNAL", reason: "internal" });
    expect(error.message).toContain(`Executor "own:exec" can't be made: `);
    expect(error.message).toContain("the engine sleeps");
    await (await registry.get("own:exec")).spawn("tool");
  });

  it("refuses a definition by an exception, told with the path, and then nothing is loaded", async () => {
    registerKind("test.strict", {
      parse: () => {
        throw new Error("port must be a number");
      },
      create: () => ({}),
    });
    const registry = createRegistry();
    const entries = [{ name: "a", kind: "exec.native" }, { name: "b", kind: "test.strict" }];
    const error = await failure(() => registry.load({ namespace: "app", entries }));
    expect(error).toMatchObject({
      kind: "INVALID",
      reason: "invalid_option",
      details: { path: "entries[1]" },
    });
    expect(error.message).toBe("entries[1]: port must be a number");
    expect(registry.ids()).toEqual([]);
  });

  it("must check at once: a promise is refused, and its failure is nobody's", async () => {
    const error = await failure(() => define({ parse: () => Promise.reject(new Error("later")) }));
    expect(error).toMatchObject({ reason: "invalid_option" });
    expect(error.message).toContain("must check at once");
  });

  it.each<[name: string, made: unknown, saying: string]>([
    ["nothing", undefined, "the options of an executor, got undefined"],
    ["null", null, "the options of an executor, got null"],
    ["an executor", createExecutor(), "the options of an executor, got an executor"],
    ["a function", () => {}, "the options of an executor, got a function"],
    ["an unknown option", { polici: [] }, `Option "polici" is unknown here: did you mean "policy"?`],
    ["a bad option", { backend: {} }, `Option "backend" must be a Backend`],
    ["a bad whitelist", { commandWhitelist: null }, "commandWhitelist: expected an array"],
  ])("that answers with %s is an error that names the executor", async (_, made, saying) => {
    const registry = define({ create: () => made as ExecutorOptions });
    const error = await failure(registry.get("own:exec"));
    expect(error).toMatchObject({ kind: "INVALID", reason: "invalid_option" });
    expect(error.message).toMatch(/^Executor "own:exec" can't be made: /);
    expect(error.message).toContain(saying);
  });
});

describe("the rules of a registry hold for every kind", () => {
  it("its policy is asked as well as the kind's own, and either denies", async () => {
    const asked: string[] = [];
    const policy = (name: string) => ({ resource }: { resource: string }) => {
      asked.push(`${name} ${resource}`);
      return resource !== `not ${name}`;
    };
    const backend = new ScriptedBackend();
    const registry = define({ create: () => ({ backend, policy: policy("own") }) }, {
      policy: policy("common"),
    });
    const executor = await registry.get("own:exec");
    await executor.spawn("a");
    for (const command of ["not own", "not common"]) {
      expect(await failure(executor.spawn(command))).toMatchObject({ reason: "permission_denied" });
    }
    expect(asked).toEqual([
      "common own:exec",
      "common a",
      "own a",
      "common not own",
      "own not own",
      "common not common",
    ]);
    expect(backend.requests).toHaveLength(1);
  });

  it("the shorter of two policy timeouts counts", async () => {
    for (const [common, own] of [[100, Infinity], [200, 100], [undefined, 100]] as const) {
      const clock = new ManualClock();
      const options = {
        clock,
        policyTimeout: common,
        policy: ({ action }) => action === "exec.get" || new Promise(() => {}),
      } as RegistryOptions;
      const registry = define(
        { create: () => ({ backend: new ScriptedBackend(), policyTimeout: own }) },
        options,
      );
      const denied = failure((await registry.get("own:exec")).exec("a"));
      await clock.advance(100);
      expect(await denied).toMatchObject({ reason: "permission_denied" });
    }
  });

  it("its listener hears as well as the kind's own, whatever that does", async () => {
    const heard: ExecEvent[] = [];
    const own: ExecEvent[] = [];
    const onEvent = (event: ExecEvent) => {
      own.push(event);
      throw new Error("the listener's own trouble");
    };
    const backend = new ScriptedBackend();
    backend.prepare = (child) => child.exitWith(0);
    const registry = define({ create: () => ({ backend, onEvent }) }, {
      onEvent: (event) => heard.push(event),
    });
    await (await registry.get("own:exec")).output("a");
    expect(heard.map(({ type }) => type)).toEqual(["spawn", "exit"]);
    expect(own).toEqual(heard);
  });

  it("its defaults stand where the kind says nothing", async () => {
    const backend = new ScriptedBackend();
    const registry = define(
      { create: () => ({ backend: undefined, handleSignals: undefined }) },
      { backend, handleSignals: false },
    );
    await (await registry.get("own:exec")).spawn("a");
    expect(backend.requests).toMatchObject([{ handleSignals: false }]);
  });
});

describe("a backend that a kind made", () => {
  const withBackend = (options: RegistryOptions = {}) => {
    const backend = new DisposableBackend();
    return { backend, registry: define({ create: () => ({ backend }) }, options) };
  };

  it("is disposed of when the registry is closed, after all that ran on it has ended", async () => {
    const { backend, registry } = withBackend();
    const executor = await registry.get("own:exec");
    const process = await executor.spawn("server");
    const states: string[] = [];
    backend[Symbol.asyncDispose] = () => Promise.resolve(void states.push(process.state));
    await registry.close();
    expect(states).toEqual(["closed"]);
    await executor.release();
    expect(states).toEqual(["closed"]);
  });

  it("is disposed of with the last executor, when its definition was removed", async () => {
    const { backend, registry } = withBackend();
    const executors = [await registry.get("own:exec"), await registry.get("own:exec")];
    registry.remove("own:exec");
    await executors[0]!.release();
    await executors[0]!.release();
    expect(backend.disposed).toBe(0);
    await executors[1]!.spawn("still");
    await executors[1]!.release();
    expect(backend.disposed).toBe(1);
    await registry.close();
    expect(backend.disposed).toBe(1);
  });

  it("is disposed of with its definition when nobody has an executor of it", async () => {
    const { backend, registry } = withBackend();
    await (await registry.get("own:exec")).release();
    expect(backend.disposed).toBe(0);
    registry.remove("own:exec");
    await registry.close();
    expect(backend.disposed).toBe(1);
  });

  it("is none of the registry's business when it is the registry's own default", async () => {
    const backend = new DisposableBackend();
    const registry = createRegistry({ backend });
    registry.define("app:exec", { kind: "exec.native" });
    await (await registry.get("app:exec")).spawn("a");
    await registry.close();
    expect(backend.disposed).toBe(0);
  });

  it("that can't be disposed of makes close reject, once everything has ended", async () => {
    const { backend, registry } = withBackend();
    const process = await (await registry.get("own:exec")).spawn("server");
    backend[Symbol.asyncDispose] = () => Promise.reject(new Error("the engine is gone"));
    const error = await failure(registry.close());
    expect(error).toMatchObject({ reason: "internal" });
    expect(error.message).toContain("the engine is gone");
    expect(process.state).toBe("closed");
    await registry.close();
  });
});

describe("registerKind", () => {
  const kind: Kind = { parse: (config) => config, create: () => ({}) };

  it.each<[name: unknown, implementation: unknown, saying: string]>([
    ["", kind, `Kind "" must be a name of letters`],
    ["a b", kind, `Kind "a b" must be a name`],
    [7, kind, `Kind 7 must be a name`],
    [
      "test.half",
      { parse: kind.parse },
      `Kind "test.half" needs an implementation with "parse" and "create"`,
    ],
    ["test.none", undefined, "got undefined"],
    ["test.function", () => {}, "got a function"],
    ["exec.native", kind, `Kind "exec.native" is registered already: choose another name.`],
  ])("refuses %j with %o", async (name, implementation, saying) => {
    const error = await failure(() => registerKind(name as string, implementation as Kind));
    expect(error).toMatchObject({ kind: "INVALID", reason: "invalid_option" });
    expect(error.message).toContain(saying);
  });

  it("takes the same kind again, as a module does that is loaded twice, and no other under its name", async () => {
    registerKind("test.twice", kind);
    registerKind("test.twice", kind);
    expect(await failure(() => registerKind("test.twice", { ...kind }))).toMatchObject({
      reason: "invalid_option",
    });
  });

  it("makes a name known to messages and to every registry", async () => {
    registerKind("test.everywhere", kind);
    const error = await failure(() => createRegistry().define("a:b", { kind: "test.everywhre" }));
    expect(error.message).toContain(`did you mean "test.everywhere"?`);
    createRegistry().define("a:b", { kind: "test.everywhere" });
  });
});
