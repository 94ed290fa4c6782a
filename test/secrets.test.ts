/**
 * Environment values stay where they belong: no error, event, question to a policy or look at an object shows one.
 */
import { Buffer } from "node:buffer";
import { inspect } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  createExecutor,
  createRegistry,
  createRunner,
  type Env,
  type ExecEvent,
  type Executor,
  type PolicyRequest,
  type Process,
  resolveShell,
  run,
} from "../mod.ts";
import { plantEnv } from "./support/host_env.ts";
import { failure } from "./support/outcome.ts";
import { load } from "./support/scripted_registry.ts";

const SECRET = "hunter2-correct-horse";
const env = { TOKEN: SECRET, DATABASE_URL: `postgres://app:${SECRET}@db/app` };

/** Everything that can be seen of a value by whoever logs it. */
function seen(value: unknown): string {
  const { Deno, Bun } = globalThis as unknown as Record<
    string,
    { inspect?: (value: unknown, options?: object) => string } | undefined
  >;
  const looks = [
    inspect(value, {
      depth: Infinity,
      showHidden: true,
      getters: true,
      maxArrayLength: null,
      maxStringLength: null,
    }),
    Deno?.inspect?.(value, { depth: 100, showHidden: true, getters: true, strAbbreviateSize: 1e6 }),
    Bun?.inspect?.(value, { depth: 100 }),
    JSON.stringify(value, (_, each) => typeof each === "bigint" ? String(each) : each),
    String(value),
  ];
  if (value instanceof Error) {
    looks.push(value.message, value.stack, seen({ ...value }), value.cause ? seen(value.cause) : "");
  }
  return looks.join("\n");
}

function expectNoSecret(value: unknown): void {
  expect(seen(value)).not.toContain(SECRET);
}

/** What is told beside answers: events, and questions to a policy. */
const told: (ExecEvent | PolicyRequest)[] = [];
const listening = {
  onEvent: (event: ExecEvent) => void told.push(event),
  policy: (request: PolicyRequest) => Boolean(told.push(request)) && request.argv?.[1] !== "denied",
};

/** Executors that have the secret, each in its own way. */
const holders: Record<string, () => Promise<{ executor: Executor; call: { env?: Env } }>> = {
  "the executor": () => Promise.resolve({ executor: createExecutor({ ...listening, env }), call: {} }),
  "the call": () => Promise.resolve({ executor: createExecutor(listening), call: { env } }),
  "the host": () => {
    plantEnv(env);
    return Promise.resolve({ executor: createExecutor(listening), call: {} });
  },
  "the definition": async () => {
    const registry = createRegistry(listening);
    onTestFinished(() => registry.close());
    registry.define("app:exec", { kind: "exec.native", defaultEnv: env });
    expectNoSecret(registry);
    return { executor: await registry.get("app:exec"), call: {} };
  },
};

it("what looks for the secret would find it", () => {
  for (
    const value of [
      { a: [{ b: SECRET }] },
      new Map([["a", SECRET]]),
      new Error("x", { cause: new Error(SECRET) }),
      SECRET,
    ]
  ) {
    expect(seen(value)).toContain(SECRET);
  }
});

describe.each(Object.keys(holders))("a secret in the environment of %s is not shown by", (name) => {
  it("the executor, its processes in every state, and their parts", async () => {
    const { executor, call } = await holders[name]!();
    expectNoSecret(executor);
    const script = `read line; test "\${#TOKEN}" = ${SECRET.length}`;
    const child: Process = await executor.exec(["sh", "-c", script], call);
    const parts = () => [child, child.stdoutStream(), child.stderrStream(), child.exitStatus, { ...child }];
    expectNoSecret([...parts(), child.stdoutStream().readable]);
    await child.start();
    expectNoSecret([...parts(), child.stdin]);
    await child.closeStdin();
    // It does have the secret: only then does it mean anything that nobody sees it.
    expect(await child.wait()).toBe(0);
    expectNoSecret(parts());
    await child.close();
    expectNoSecret([...parts(), child.close, child.wait()]);
    await executor.release();
    expectNoSecret(executor);
  });

  it("any error, with its cause and its details, nor by an output that does not print it", async () => {
    const { executor, call } = await holders[name]!();
    const failing: (() => Promise<unknown>)[] = [
      () => executor.output("polyspawn-no-such-command", call),
      () => executor.output("true", { ...call, cwd: "/no/such/directory" }),
      () => executor.output("/etc/passwd", call),
      () => executor.output(["true", "x".repeat(4_000_000)], call),
      () => executor.exec(["true", "denied"], call),
      () => executor.output("sleep 60", { ...call, timeout: 10 }),
      () => executor.output("sleep 60", { ...call, signal: AbortSignal.abort() }),
      () => executor.output("false", { ...call, check: true }),
      () => executor.output("yes", { ...call, maxBuffer: 10_000 }),
      () => executor.exec("", call),
      () => executor.exec("true", { ...call, stdin: "no" as never }),
      () => executor.exec("true", { ...call, envv: env } as never),
      () => run("denied", { ...call, cwd: "/", executor, shell: ["/bin/sh", []] }),
      () => run("true", { ...call, cwd: "/no/such/directory", executor }),
      () => resolveShell({ executor, shell: ["polyspawn-no-such-shell", []] }),
      () => executor.output("sleep 60", { ...call, mergeStderr: true, timeout: 10 }),
    ];
    for (const fail of failing) expectNoSecret(await failure(fail));
    const output = await executor.output("echo fine", call);
    expectNoSecret([output, Buffer.from(output.stdout)]);
    const runner = createRunner({ ...call, cwd: "/", executor });
    expectNoSecret([runner, await runner.run("echo fine; exit 3")]);
    await executor.release();
    expectNoSecret(await failure(executor.exec("true", call)));
  });

  it("any event, nor by what a policy is asked", async () => {
    const { executor, call } = await holders[name]!();
    told.length = 0;
    await executor.output("true", call);
    await failure(executor.exec(["true", "denied"], call));
    await failure(executor.output("sleep 60", { ...call, timeout: 10, killGrace: 0 }));
    expect(told.length).toBeGreaterThanOrEqual(7);
    expectNoSecret(told);
    await executor.release();
  });
});

describe("a wrong value in the place of a secret is refused without being shown", () => {
  const wrong: Record<string, unknown> = {
    "an array": [SECRET],
    "a Map": new Map([["TOKEN", SECRET]]),
    "text": `TOKEN=${SECRET}`,
    "a name and a value in one": { [`TOKEN=${SECRET}`]: "" },
    "an object": { TOKEN: { value: SECRET } },
    "a list": { TOKEN: [SECRET] },
    "a value with a NUL": { TOKEN: `${SECRET}\0` },
    "a symbol": { TOKEN: Symbol(SECRET) },
    "a function": { TOKEN: () => SECRET },
  };

  it.each(Object.keys(wrong))("in a definition: %s", async (name) => {
    const definition = (fields: object) => ({
      namespace: "app",
      entries: [{ name: "exec", kind: "exec.native", ...fields }],
    });
    for (
      const fields of [{ defaultEnv: wrong[name] }, { default_env: wrong[name] }, { defualtEnv: wrong[name] }]
    ) {
      const error = await failure(() => load(createRegistry(), definition(fields)));
      expect(error.reason).toBe("invalid_option");
      expectNoSecret(error);
    }
  });

  it.each(Object.keys(wrong))("in an option: %s", async (name) => {
    await expectRefused(wrong[name]);
  });

  async function expectRefused(value: unknown): Promise<void> {
    const wrongEnv = value as Env;
    // A Map has no names of its own, and so is an empty environment here.
    const isMap = value instanceof Map;
    for (
      const use of [
        () => createExecutor({ env: wrongEnv }),
        () => createExecutor().exec("true", { env: wrongEnv }),
        () => run("true", { cwd: "/", env: wrongEnv }),
      ]
    ) {
      if (isMap) expectNoSecret(await use());
      else expectNoSecret(await failure(use));
    }
  }
});
