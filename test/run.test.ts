import { describe, expect, expectTypeOf, it } from "vitest";
import {
  createExecutor,
  type ExecEvent,
  run,
  type RunOptions,
  type RunOutput,
  type RunResult,
  type SignalName,
} from "../mod.ts";
import { settle } from "./support/manual_clock.ts";
import { failure } from "./support/outcome.ts";
import { ScriptedBackend } from "./support/scripted_backend.ts";
import { scripted } from "./support/scripted_run.ts";
import { SpyingController } from "./support/spying_signal.ts";
import { within } from "./support/within.ts";

const here = { cwd: "." };

describe("a result has every field it should, and no other", () => {
  const printed = {
    output: "out\nerr\n",
    truncated: false,
    totalBytes: 8,
    complete: true,
    ordered: true,
    durationMs: expect.any(Number),
  };

  it("exit code 0", async () => {
    expect(await run("echo out; echo err >&2", here)).toStrictEqual({ ok: true, exitCode: 0, ...printed });
  });

  it("another exit code", async () => {
    expect(await run("echo out; echo err >&2; exit 3", here)).toStrictEqual({
      ok: false,
      reason: "nonzero",
      exitCode: 3,
      ...printed,
    });
  });

  it("a shell killed by a signal", async () => {
    for (const [signal, number] of [["TERM", 15], ["KILL", 9], ["SEGV", 11]] as const) {
      expect(await run(`echo out; echo err >&2; kill -${signal} $$`, here)).toStrictEqual({
        ok: false,
        reason: "nonzero",
        exitCode: 128 + number,
        signal: `SIG${signal}`,
        ...printed,
      });
    }
  });

  it("a shell whose last command was killed: an exit code like any other", async () => {
    const result = await run("sh -c 'kill -KILL $$'; exit $?", here);
    expect(result).toMatchObject({ ok: false, reason: "nonzero", exitCode: 137 });
    expect(result).not.toHaveProperty("signal");
  });

  it("a timeout", async () => {
    expect(await run("echo out; echo err >&2; sleep 60", { ...here, timeout: 1_000 })).toStrictEqual({
      ok: false,
      reason: "timeout",
      ...printed,
    });
  });

  it("an abort", async () => {
    const controller = new AbortController();
    const onOutput = (text: string) => text.includes("err") && controller.abort();
    const { signal } = controller;
    expect(await run("echo out; echo err >&2; sleep 60", { ...here, signal, onOutput })).toStrictEqual({
      ok: false,
      reason: "canceled",
      ...printed,
    });
  });

  it("an output that is cut", async () => {
    const result = await run("echo 12345; echo 67890", { ...here, maxOutput: 6 });
    expect(result).toMatchObject({
      truncated: true,
      totalBytes: 12,
      output: "...(truncated, showing last 6B of 12B)\n67890\n",
    });
  });

  it("no output", async () => {
    expect(await run("true", here)).toMatchObject({
      output: "",
      truncated: false,
      totalBytes: 0,
      complete: true,
    });
  });

  it("durationMs is the time of the call", async () => {
    const start = performance.now();
    const { durationMs } = await run("sleep 0.2", here);
    expect(durationMs).toBeGreaterThanOrEqual(190);
    expect(durationMs).toBeLessThanOrEqual(performance.now() - start + 1);
  });
});

describe("TypeScript narrows a result", () => {
  it("by ok and by reason", () => {
    const told = (result: RunResult): string => {
      expectTypeOf(result).toExtend<RunOutput>();
      if (result.ok) {
        expectTypeOf(result.exitCode).toEqualTypeOf<0>();
        // @ts-expect-error A success has no reason.
        return `ok ${result.reason}`;
      }
      // @ts-expect-error Only a command that came to its end has an exit code.
      void result.exitCode;
      switch (result.reason) {
        case "nonzero":
          expectTypeOf(result.exitCode).toEqualTypeOf<number>();
          expectTypeOf(result.signal).toEqualTypeOf<SignalName | undefined>();
          return `exit code ${result.exitCode}`;
        case "timeout":
        case "canceled":
          expectTypeOf(result).not.toHaveProperty("exitCode");
          return result.reason;
        default:
          expectTypeOf(result).toEqualTypeOf<never>();
          return result;
      }
    };
    expect(told).toBeTypeOf("function");
  });

  it("by exitCode, which only some have", () => {
    expectTypeOf<Extract<RunResult, { exitCode: unknown }>["ok"]>().toEqualTypeOf<boolean>();
    expectTypeOf<Extract<RunResult, { reason: unknown }>["reason"]>()
      .toEqualTypeOf<"nonzero" | "timeout" | "canceled">();
    expectTypeOf<RunOptions>().toHaveProperty("cwd").toEqualTypeOf<string | URL>();
    // @ts-expect-error cwd is required.
    const options: RunOptions = {};
    expect(options).toEqual({});
  });
});

describe("a signal", () => {
  it("that is aborted already answers canceled and spawns nothing", async () => {
    const { backend, executor } = scripted();
    const result = await run("echo x", { ...here, executor, signal: AbortSignal.abort() });
    expect(result).toMatchObject({
      ok: false,
      reason: "canceled",
      output: "",
      totalBytes: 0,
      truncated: false,
    });
    expect(backend.requests).toEqual([]);
    expect(await run("echo x", { ...here, signal: AbortSignal.abort("why") })).toMatchObject({
      reason: "canceled",
    });
  });

  it("whose time has passed answers timeout", async () => {
    const passed = AbortSignal.abort(new DOMException("late", "TimeoutError"));
    expect(await run("echo x", { ...here, signal: passed })).toMatchObject({ reason: "timeout", output: "" });
    const passing = run("sleep 60", { ...here, signal: AbortSignal.timeout(200) });
    expect(await passing).toMatchObject({ ok: false, reason: "timeout" });
  });

  it("is listened to only while the run lasts", async () => {
    const controller = new SpyingController();
    const { signal } = controller;
    await run("true", { ...here, signal });
    await run("exit 3", { ...here, signal });
    await run("sleep 60", { ...here, signal, timeout: 50 });
    await failure(run("true", { cwd: "/no/such/directory", signal }));
    expect(controller.added).toBeGreaterThan(0);
    expect(controller.listeners).toBe(0);
  });

  it("aborted after the end changes nothing", async () => {
    const controller = new AbortController();
    const result = await run("echo x", { ...here, signal: controller.signal });
    controller.abort();
    await settle();
    expect(result).toMatchObject({ ok: true, output: "x\n" });
  });
});

describe("an answer comes in time", () => {
  const timed = (command: string, options: RunOptions & { timeout: number }) =>
    within(options.timeout + 1_000, run(command, options));

  it.concurrent("though a policy never answers, and what it allows later is not started", async ({ expect }) => {
    const backend = new ScriptedBackend();
    let allow!: (answer: boolean) => void;
    const executor = createExecutor({ backend, policy: () => new Promise((resolve) => allow = resolve) });
    expect(await timed("true", { ...here, executor, timeout: 50 })).toMatchObject({
      ok: false,
      reason: "timeout",
    });
    allow(true);
    await settle();
    expect(backend.requests).toEqual([]);

    const controller = new AbortController();
    const canceled = run("true", { ...here, executor, signal: controller.signal });
    controller.abort();
    expect(await within(1_000, canceled)).toMatchObject({ ok: false, reason: "canceled" });
  });

  it.concurrent("though a backend never starts the shell, and what it starts later is killed", async ({ expect }) => {
    const { backend, executor } = scripted(() => {});
    const open = backend.hold();
    expect(await timed("true", { ...here, executor, timeout: 50 })).toMatchObject({
      ok: false,
      reason: "timeout",
    });
    open();
    await expect.poll(() => backend.children.map(({ kills }) => kills)).toEqual([["SIGKILL group"]]);
  });

  it.concurrent("as soon as what was being started when the time was up has been ended", async ({ expect }) => {
    const backend = new ScriptedBackend();
    backend.prepare = (child) => child.onKill = (signal) => void setTimeout(() => child.dieOf(signal), 20);
    const open = backend.hold();
    const onEvent = ({ type }: ExecEvent) => type === "timeout" && open();
    const running = run("true", { ...here, executor: createExecutor({ backend, onEvent }), timeout: 50 });
    expect(await within(600, running)).toMatchObject({ ok: false, reason: "timeout" });
    expect(backend.child.kills).toEqual(["SIGKILL group"]);
  });

  it.concurrent("though a backend never finds a shell", async ({ expect }) => {
    const { backend, executor } = scripted();
    Object.assign(backend, { findExecutable: () => new Promise(() => {}) });
    expect(await timed("true", { ...here, executor, timeout: 50 })).toMatchObject({
      ok: false,
      reason: "timeout",
    });
    expect(backend.requests).toEqual([]);
  });

  it.concurrent("though nothing ends the shell: its output so far is there", async ({ expect }) => {
    const { backend, executor } = scripted((child) => {
      child.out.push("so far\n");
      child.onKill = () => {};
    });
    const result = await timed("true", { ...here, executor, timeout: 50 });
    expect(result).toMatchObject({ ok: false, reason: "timeout", output: "so far\n", complete: false });
    expect(backend.child.kills).toContain("SIGKILL group");
    backend.child.dieOf("SIGKILL");
  });
});
