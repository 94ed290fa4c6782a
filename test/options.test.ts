/**
 * What callers may say: every option that is wrong is refused with its name, its value and the way out.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  createExecutor,
  type ExecutorOptions,
  isExecError,
  type OutputOptions,
  type ProcessOptions,
} from "../mod.ts";
import { settle } from "./support/manual_clock.ts";
import { failure } from "./support/outcome.ts";
import { runningScene, scene } from "./support/scene.ts";
import { ScriptedBackend } from "./support/scripted_backend.ts";

/** What exec says to options that TypeScript would refuse. */
async function refusalOfExec(options: unknown) {
  const { executor, backend } = scene();
  const error = await failure(executor.exec("server", options as ProcessOptions));
  expect(error).toMatchObject({ kind: "INVALID", reason: "invalid_option", retryable: false });
  expect(backend.requests).toHaveLength(0);
  return error;
}

async function refusalOfExecutor(options: unknown) {
  const error = await failure(() => createExecutor(options as ExecutorOptions));
  expect(error).toMatchObject({ kind: "INVALID", reason: "invalid_option", retryable: false });
  return error;
}

type Row = [name: string, values: unknown[], saying: string];

const location: Row[] = [
  ["cwd", ["", 5, null, {}, [], true, () => "."], "must be a directory's path or file: URL, got "],
  ["cwd", ["a\0b", new URL("file:///a%00b")], "must not contain a NUL byte, got "],
  [
    "cwd",
    [new URL("https://example.org/"), new URL("file://host/share")],
    "must be a path or a local file: URL, got ",
  ],
  ["env", ["A=1", 5, null, [], true], "must be an object of names and values, got "],
  ["env", [{ "": "x" }, { "A=B": "x" }, { "A\0": "x" }], `a name must not be empty or contain "=" or NUL.`],
  ["env", [{ A: 5 }, { A: null }, { A: {} }], `must give "A" a string, or undefined to remove it, got a `],
  ["env", [{ A: "x\0y" }], `must not put a NUL byte into "A".`],
  ["inheritEnv", [null, 1, "true", {}], "must be true or false, got "],
];

const grace: Row = [
  "killGrace",
  [-1, NaN, Infinity, -Infinity, "5", null, {}, 5n],
  "must be a number of milliseconds, 0 or more, got ",
];

const ofProcesses: Row[] = [
  ...location,
  grace,
  [
    "timeout",
    [0, -1, NaN, "5", null],
    "must be a positive number of milliseconds, or Infinity for none, got ",
  ],
  ["signal", [null, {}, "abort", new AbortController()], "must be an AbortSignal, got "],
  ["maxBuffer", [-1, NaN, "5", null, 5n], "must be a number of bytes, 0 or more, or Infinity, got "],
  ["drainIdle", [-1, NaN, "5", null], "must be a number of milliseconds, 0 or more or Infinity, got "],
  ["drainMax", [-1, NaN, "5", null], "must be a number of milliseconds, 0 or more or Infinity, got "],
  ["mergeStderr", [null, 0, "yes"], "must be true or false, got "],
  ...(["stdin", "stdout", "stderr"] as const).map((name): Row => [
    name,
    ["", "PIPE", "ignore", 0, null, {}],
    `must be one of "pipe", "null", "inherit", got `,
  ]),
];

const ofExecutors: Row[] = [
  ...location,
  grace,
  [
    "backend",
    [null, 5, {}, "node", { spawn: () => {} }, { capabilities: {} }],
    `must be a Backend with "spawn" and "capabilities", got `,
  ],
  [
    "backend",
    [{ spawn: () => {}, capabilities: null }],
    `must be a Backend with "spawn" and "capabilities", got `,
  ],
  ["policy", [null, true, {}], "must be a function, got "],
  [
    "policyTimeout",
    [0, -1, NaN, "5", null],
    "must be a positive number of milliseconds, or Infinity for none, got ",
  ],
  ["onEvent", [null, true, {}], "must be a function, got "],
  ["handleSignals", [null, 1, "no"], "must be true or false, got "],
  [
    "clock",
    [null, 5, {}, { now: () => 0 }],
    `must be a Clock with "now", "setTimeout" and "clearTimeout", got `,
  ],
];

const each = (rows: Row[]) =>
  rows.flatMap(([name, values, saying]) =>
    values.map((value) => ({ name, value, shown: describeValue(value), saying }))
  );

function describeValue(value: unknown): string {
  if (value instanceof URL) return `URL ${value}`;
  if (value instanceof AbortController) return "an AbortController";
  return typeof value === "bigint" ? `${value}n` : JSON.stringify(value) ?? String(value);
}

describe("an option of a process that is wrong", () => {
  it.each(each(ofProcesses))("is refused: $name $shown", async ({ name, value, saying }) => {
    const error = await refusalOfExec({ [name]: value });
    expect(error.message).toMatch(new RegExp(`^Option "${name}" `));
    expect(error.message).toContain(saying);
    expect(error.details).toEqual({ option: name });
  });

  it.each<[shown: string, got: string, timeout: unknown]>([
    ["a string", `"soon"`, "soon"],
    ["a long string, shortened", `"${"x".repeat(77)}..."`, "x".repeat(1000)],
    ["an array", "an array", [1]],
    ["an object", "an object", { a: 1 }],
    ["a function", "a function", () => 1],
    ["a bigint", "1n", 1n],
    ["a symbol", "Symbol(s)", Symbol("s")],
    ["null", "null", null],
  ])("is shown in the message: %s", async (_, got, timeout) => {
    expect((await refusalOfExec({ timeout })).message).toContain(`, got ${got}.`);
  });

  it("is refused though the path of a URL can't be decoded", async () => {
    expect((await refusalOfExec({ cwd: new URL("file:///tmp/100%") })).message).toContain(
      `"file:///tmp/100%"`,
    );
  });

  it("never has an environment value in its message", async () => {
    for (
      const env of [{ TOKEN: "s3cret\0" }, { "TO=KEN": "s3cret" }, { TOKEN: ["s3cret"] }, "TOKEN=s3cret"]
    ) {
      const { message, details } = await refusalOfExec({ env });
      // An environment given as one string can't be told from a name.
      if (typeof env === "object") expect(message + JSON.stringify(details)).not.toContain("s3cret");
    }
  });

  it.each([{ stdout: "null" }, { stdout: "inherit" }, { stderr: "null" }, { stderr: "inherit" }] as const)(
    "is mergeStderr with %j",
    async (stdio) => {
      const error = await refusalOfExec({ mergeStderr: true, ...stdio });
      expect(error.message).toMatch(/^Option "mergeStderr" needs stdout and stderr to be "pipe", got /);
    },
  );
});

describe("an option of an executor that is wrong", () => {
  it.each(each(ofExecutors))("is refused at once: $name $shown", async ({ name, value, saying }) => {
    const error = await refusalOfExecutor({ [name]: value });
    expect(error.message).toMatch(new RegExp(`^Option "${name}" `));
    expect(error.message).toContain(saying);
    expect(error.details).toEqual({ option: name });
  });

  it.each([null, false, 0, "", "git status", {}, true])(
    "is a whitelist that is none, which never means any command: %j",
    async (commandWhitelist) => {
      const error = await refusalOfExecutor({ commandWhitelist });
      expect(error.message).toContain("commandWhitelist: expected an array of commands, got ");
    },
  );
});

describe("options that are no object", () => {
  it.each([null, 5, "cwd", true, [], () => ({}), Symbol("s"), 5n])(
    "are refused everywhere: %s",
    async (options) => {
      const { executor } = scene();
      const given = options as never;
      const calls = [
        () => createExecutor(given),
        () => executor.exec("server", given),
        () => executor.spawn("server", given),
        () => executor.output("server", given),
        () => executor.release(given),
      ];
      for (const call of calls) {
        const error = await failure(call);
        expect(error).toMatchObject({ kind: "INVALID", reason: "invalid_option" });
        expect(error.message).toMatch(/^Options must be an object, got /);
      }
      // A release that was refused has released nothing.
      await executor.exec("server");
    },
  );
});

describe("an option nobody knows", () => {
  it.each<[name: string, meant: string]>([
    ["timeOut", "timeout"],
    ["tiemout", "timeout"],
    ["workdir", ""],
    ["CWD", "cwd"],
    ["environment", ""],
    ["inheritEnvironment", ""],
    ["mergeStdErr", "mergeStderr"],
    ["maxBufer", "maxBuffer"],
    ["killgrace", "killGrace"],
    ["std-out", "stdout"],
  ])("%s is refused, with the nearest that is known", async (name, meant) => {
    const { message } = await refusalOfExec({ [name]: 1 });
    if (meant) expect(message).toBe(`Option "${name}" is unknown here: did you mean "${meant}"?`);
    else {
      expect(message).toBe(
        `Option "${name}" is unknown here: known options are cwd, env, inheritEnv, signal, timeout, killGrace, ` +
          "maxBuffer, drainIdle, drainMax, mergeStderr, stdin, stdout, stderr.",
      );
    }
  });

  it("of one call is no option of another", async () => {
    const { executor } = scene();
    const calls: [call: () => unknown, name: string][] = [
      [() => executor.exec("server", { check: true } as ProcessOptions), "check"],
      [() => executor.spawn("server", { input: "a" } as ProcessOptions), "input"],
      [() => executor.output("server", { policy: () => true } as OutputOptions), "policy"],
      [() => executor.release({ force: true } as never), "force"],
      [() => createExecutor({ timeout: 5 } as ExecutorOptions), "timeout"],
      [() => createExecutor({ id: "a:b" } as ExecutorOptions), "id"],
    ];
    for (const [call, name] of calls) {
      expect(await failure(call)).toMatchObject({ reason: "invalid_option", details: { option: name } });
    }
  });

  it("counts as left out when it is undefined", async () => {
    await scene().executor.exec(
      "server",
      { nonsense: undefined, timeout: undefined, env: undefined } as ProcessOptions,
    );
  });
});

describe("options of output that are wrong", () => {
  it.each([["check", 1], ["check", null], ["keepBackground", "no"], ["input", 5], ["timeout", 0]])(
    "are refused: %s %j",
    async (name, value) => {
      const { executor, backend } = scene();
      const error = await failure(executor.output("server", { [name]: value }));
      expect(error).toMatchObject({ reason: "invalid_option", details: { option: name } });
      expect(backend.requests).toHaveLength(0);
    },
  );
});

describe("what the backend is asked for", () => {
  async function requestFor(defaults: ExecutorOptions, options?: ProcessOptions) {
    const { backend } = await runningScene(options, scene(defaults));
    return backend.requests[0]!;
  }

  it("without options: the host's directory and environment, and three pipes", async () => {
    expect(await requestFor({})).toEqual({
      argv: ["server"],
      env: {},
      inheritEnv: true,
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
      mergeStderr: false,
      group: true,
      handleSignals: true,
    });
  });

  it("is what the call says, and else what the executor says", async () => {
    const defaults = {
      cwd: "/srv",
      env: { A: "1", B: "2", C: "3" },
      inheritEnv: false,
      handleSignals: false,
    };
    expect(await requestFor(defaults)).toMatchObject({ ...defaults, group: true });
    const options = { cwd: "build", env: { B: "two", C: undefined, D: "4" }, inheritEnv: true };
    expect(await requestFor(defaults, options)).toMatchObject({
      cwd: "build",
      env: { A: "1", B: "two", C: undefined, D: "4" },
      inheritEnv: true,
      handleSignals: false,
    });
  });

  it("keeps a removed variable as one to remove", async () => {
    const { env } = await requestFor({ env: { A: undefined } }, { env: { B: undefined } });
    expect(Object.keys(env).sort()).toEqual(["A", "B"]);
  });

  it.each<[cwd: string | URL, path: string]>([
    ["/srv", "/srv"],
    ["relative/../path", "relative/../path"],
    [new URL("file:///srv/with%20space/%C3%A4"), "/srv/with space/ä"],
    [new URL("file:///C:/Users/me"), "C:\\Users\\me"],
  ])("has the cwd %s as the path %s", async (cwd, path) => {
    expect((await requestFor({ cwd })).cwd).toBe(path);
    expect((await requestFor({}, { cwd })).cwd).toBe(path);
  });

  it("is made of frozen copies that later changes can't reach", async () => {
    const argv = ["server", "--port"];
    const defaults = { A: "1" };
    const env: Record<string, string> = { B: "2" };
    const { executor, backend } = scene({ env: defaults });
    const process = await executor.exec(argv, { env });
    argv[0] = "rm";
    env["B"] = "changed";
    defaults.A = "changed";
    await process.start();
    const [request] = backend.requests;
    expect(request).toMatchObject({ argv: ["server", "--port"], env: { A: "1", B: "2" } });
    expect([request!.argv, request!.env].map(Object.isFrozen)).toEqual([true, true]);
    await executor.spawn("server");
    expect([backend.requests[1]!.env, Object.isFrozen(backend.requests[1]!.env)]).toEqual([{ A: "1" }, true]);
  });

  it.each(
    [{ stdin: "null" }, { stdin: "inherit" }, { stdout: "null", stderr: "inherit" }, {
      mergeStderr: true,
    }] as const,
  )(
    "has %j as it is given",
    async (options) => {
      expect(await requestFor({}, options)).toMatchObject(options);
    },
  );

  it("takes limits of zero, and drains without end", async () => {
    await requestFor({ killGrace: 0 }, { killGrace: 0, maxBuffer: 0, drainIdle: 0, drainMax: 0 });
    await requestFor({}, { maxBuffer: Infinity, drainIdle: Infinity, drainMax: Infinity, timeout: Infinity });
  });
});

describe("no input makes anything but an ExecError", () => {
  const anything = fc.oneof(
    fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withTypedArray: true,
    }),
    fc.constantFrom<unknown>(
      Symbol("s"),
      () => {},
      new URL("https://example.org/%"),
      new URL("file:///%"),
      new Proxy({}, {}),
      -0,
      "",
    ),
  );
  /** An object of some of these options, each with any value, and perhaps one more. */
  const options = (...names: string[]) =>
    fc.oneof(
      { weight: 1, arbitrary: anything },
      {
        weight: 4,
        arbitrary: fc.record(Object.fromEntries(names.map((name) => [name, anything])), { requiredKeys: [] }),
      },
      { weight: 1, arbitrary: fc.dictionary(fc.string(), anything) },
    );
  const ofLocation = ["cwd", "env", "inheritEnv", "killGrace"];
  const ofProcess = [
    ...ofLocation,
    "signal",
    "timeout",
    "maxBuffer",
    "drainIdle",
    "drainMax",
    "mergeStderr",
    "stdin",
    "stdout",
    "stderr",
  ];

  async function passes(action: () => unknown) {
    try {
      await action();
    } catch (error) {
      if (!isExecError(error)) throw error;
      expect(error.message).toMatch(/\S/);
      expect(error.reason).toMatch(/^[a-z_]+$/);
    }
  }

  it("of createExecutor", async () => {
    const given = options(
      ...ofLocation,
      "backend",
      "policy",
      "policyTimeout",
      "commandWhitelist",
      "handleSignals",
      "onEvent",
      "clock",
    );
    await fc.assert(fc.asyncProperty(given, (given) => passes(() => createExecutor(given as never))), {
      numRuns: 500,
    });
  });

  it("of exec, start and output", async () => {
    const given = options(...ofProcess, "check", "input", "keepBackground");
    const command = fc.oneof(anything, fc.string(), fc.array(fc.string()), fc.constant("server"));
    await fc.assert(
      fc.asyncProperty(command, given, async (command, given) => {
        const backend = new ScriptedBackend();
        backend.prepare = (child) => child.exitWith(0);
        const executor = createExecutor({ backend });
        await passes(async () => await (await executor.exec(command as never, given as never)).start());
        await passes(() => executor.output(command as never, given as never));
        await passes(() => executor.output("server", given as never));
      }),
      { numRuns: 500, examples: [["server", { stdin: Object.create(null), input: "" }]] },
    );
  });

  it("of what is done with a process", async () => {
    await fc.assert(
      fc.asyncProperty(anything, async (given) => {
        const { process, child } = await runningScene();
        const stream = process.stdoutStream();
        child.out.push("a\nb\n").end();
        await passes(() => stream.read(given as never));
        await passes(() => stream.lines(given as never));
        await passes(() => process.writeStdin(given as never));
        await passes(() => process.signal(given as never));
        await passes(() => process.close(given as never));
        await settle();
        expect(process.state).toBe("closed");
      }),
      { numRuns: 500, examples: [[Object.create(null)]] },
    );
  });
});
