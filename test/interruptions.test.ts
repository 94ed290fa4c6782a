/**
 * What ends a process from outside: timeouts and AbortSignals, and what they leave behind: nothing.
 */
import { describe, expect, it } from "vitest";
import type { ProcessOptions } from "../src/options.ts";
import type { Process } from "../src/process.ts";
import { settle } from "./support/manual_clock.ts";
import { failure, outcome } from "./support/outcome.ts";
import { type RunningScene, runningScene, scene } from "./support/scene.ts";
import type { ScriptedChild } from "./support/scripted_backend.ts";
import { SpyingController } from "./support/spying_signal.ts";

const PENDING = "(pending)";
const timeoutError = () => new DOMException("The operation timed out.", "TimeoutError");

/** A child that takes SIGTERM for a request to end well. */
function exitsCleanly(child: ScriptedChild): void {
  child.onKill = (signal) => signal === "SIGTERM" ? child.exitWith(0) : child.dieOf(signal);
}

describe("a timeout", () => {
  it("counts from start, and ends the group", async () => {
    const { executor, backend, clock } = scene();
    const process = await executor.exec("server --port 80", { timeout: 1000 });
    await clock.advance(60_000);
    await process.start();
    const waited = failure(process.wait());
    await clock.advance(999);
    expect(backend.child.kills).toEqual([]);
    await clock.advance(1);
    const error = await waited;
    expect(error).toMatchObject({
      kind: "TIMEOUT",
      reason: "timed_out",
      retryable: true,
      details: { timeout: 1000 },
    });
    expect(error.message).toBe(
      `Command "server --port 80" was ended: it ran longer than its timeout of 1000 ms.`,
    );
    expect([backend.child.kills, clock.pending]).toEqual([["SIGTERM group"], 0]);
    expect(process.exitStatus).toEqual({ code: 143, signal: "SIGTERM", timedOut: true, canceled: false });
  });

  it("never reads as success, even if the child exits 0 on SIGTERM", async () => {
    const { process, child, clock } = await runningScene({ timeout: 1000 });
    exitsCleanly(child);
    await clock.advance(1000);
    expect(await failure(process.wait())).toMatchObject({ reason: "timed_out" });
    expect(process.exitStatus).toEqual({ code: 0, signal: undefined, timedOut: true, canceled: false });
  });

  it("rejects once the whole group is gone, SIGKILL included", async () => {
    const { process, child, clock } = await runningScene({ timeout: 1000, killGrace: 300 });
    child.onKill = (signal) => child.dieOf(signal);
    child.isGone = () => child.kills.includes("SIGKILL group");
    const waited = process.wait();
    await clock.advance(1299);
    expect([process.state, await outcome(() => waited)]).toEqual(["exited", PENDING]);
    await clock.advance(1);
    expect(await outcome(() => waited)).toBe("timed_out");
  });

  it("rejects 2 s after SIGKILL at the latest, and the streams end, though nobody can end the process", async () => {
    const { process, child, clock } = await runningScene({ timeout: 1000, killGrace: 300 });
    child.onKill = () => {};
    const text = process.stdoutStream().text();
    const waited = failure(process.wait());
    child.out.push("so far");
    await clock.advance(1000 + 300 + 2000);
    expect(await waited).toMatchObject({ reason: "timed_out" });
    expect([await text, clock.pending]).toEqual(["so far", 0]);
  });

  it("that did not pass leaves no timer after the exit", async () => {
    const { process, child, clock } = await runningScene({ timeout: 2 ** 40 });
    expect(clock.pending).toBe(1);
    child.exitWith(0);
    expect([await process.wait(), clock.pending]).toEqual([0, 0]);
    await clock.advance(2 ** 41);
    expect([child.kills, process.exitStatus?.timedOut]).toEqual([[], false]);
  });

  it.each<[ProcessOptions]>([[{ timeout: Infinity }], [{ timeout: undefined }], [{}]])(
    "of none arms no timer: %j",
    async (options) => {
      const { process, child, clock } = await runningScene(options);
      expect(clock.pending).toBe(0);
      await clock.advance(1e12);
      child.exitWith(0);
      expect(await process.wait()).toBe(0);
    },
  );

  it.each([2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 32, 2 ** 40])(
    "of %d ms neither overflows nor fires early",
    async (timeout) => {
      const { process, child, clock } = await runningScene({ timeout });
      await clock.advance(timeout - 1);
      expect(child.kills).toEqual([]);
      await clock.advance(1);
      expect(await outcome(() => process.wait())).toBe("timed_out");
    },
  );

  it("of the largest number is as good as none", async () => {
    const { child, clock } = await runningScene({ timeout: Number.MAX_VALUE });
    await clock.advance(1e12);
    expect(child.kills).toEqual([]);
  });

  it("of less than a millisecond is one all the same", async () => {
    const { process, clock } = await runningScene({ timeout: 0.25 });
    await clock.advance(1);
    expect(await outcome(() => process.wait())).toBe("timed_out");
  });

  it.each([0, -0, -1, NaN, -Infinity, "1000", "", null, true, 1000n, {}, []])(
    "of %s is refused, and nothing is spawned",
    async (timeout) => {
      const { executor, backend } = scene();
      const error = await failure(executor.spawn("server", { timeout: timeout as number }));
      expect(error).toMatchObject({
        kind: "INVALID",
        reason: "invalid_option",
        details: { option: "timeout" },
      });
      expect(error.message).toMatch(
        /^Option "timeout" must be a positive number of milliseconds, or Infinity for none, got /,
      );
      expect(backend.requests).toHaveLength(0);
    },
  );
});

describe("an AbortSignal", () => {
  it("ends the group, and wait tells with the reason as the cause", async () => {
    const controller = new AbortController();
    const { process, child, clock } = await runningScene({ signal: controller.signal });
    exitsCleanly(child);
    const reason = new Error("the user left");
    controller.abort(reason);
    const error = await failure(process.wait());
    expect(error).toMatchObject({ kind: "CANCELED", reason: "canceled", retryable: false });
    expect(error.cause).toBe(reason);
    expect(error.message).toBe(`Command "server" was canceled by its AbortSignal.`);
    expect([child.kills, clock.pending]).toEqual([["SIGTERM group"], 0]);
    expect(process.exitStatus).toEqual({ code: 0, signal: undefined, timedOut: false, canceled: true });
  });

  it.each([undefined, null, "left", 0, { name: "AbortError" }])("may be aborted with %j", async (reason) => {
    const controller = new AbortController();
    const { process } = await runningScene({ signal: controller.signal });
    controller.abort(reason);
    expect(await failure(process.wait())).toMatchObject({ reason: "canceled" });
  });

  it("of a timeout is a timeout", async () => {
    const controller = new AbortController();
    const { process } = await runningScene({ signal: controller.signal });
    const reason = timeoutError();
    controller.abort(reason);
    const error = await failure(process.wait());
    expect(error).toMatchObject({ kind: "TIMEOUT", reason: "timed_out", retryable: true });
    expect(error.cause).toBe(reason);
    expect(process.exitStatus).toMatchObject({ timedOut: true, canceled: false });
  });

  it.each<[name: string, reason: unknown, expected: string]>([
    ["an abort", undefined, "canceled"],
    ["its timeout", timeoutError(), "timed_out"],
  ])("aborted already, by %s, spawns nothing", async (_, reason, expected) => {
    const { executor, backend, clock } = scene();
    const process = await executor.exec("server", { signal: AbortSignal.abort(reason), timeout: 1000 });
    expect(await outcome(() => process.start())).toBe(expected);
    expect(await outcome(() => process.wait())).toBe(expected);
    expect([backend.requests.length, process.state, process.pid, clock.pending]).toEqual([
      0,
      "closed",
      undefined,
      0,
    ]);
  });

  it("aborted between exec and start spawns nothing", async () => {
    const controller = new AbortController();
    const { executor, backend } = scene();
    const process = await executor.exec("server", { signal: controller.signal });
    controller.abort();
    expect(await failure(process.start())).toMatchObject({ reason: "canceled" });
    expect(backend.requests).toHaveLength(0);
  });

  it("aborted in the same turn as start spawns nothing", async () => {
    const controller = new AbortController();
    const { executor, backend } = scene();
    const process = await executor.exec("server", { signal: controller.signal });
    const started = failure(process.start());
    controller.abort();
    expect(await started).toMatchObject({ reason: "canceled" });
    expect(backend.requests).toHaveLength(0);
  });

  it("aborted after the exit changes nothing", async () => {
    const controller = new AbortController();
    const { process, child } = await runningScene({ signal: controller.signal });
    child.out.push("all of it");
    child.exitWith(0);
    expect(await process.wait()).toBe(0);
    controller.abort();
    expect([await process.wait(), await process.stdoutStream().text(), child.kills]).toEqual([
      0,
      "all of it",
      [],
    ]);
    expect(process.exitStatus).toMatchObject({ canceled: false });
  });

  it.each([null, "abort", {}, { aborted: false }, new AbortController()])("is not %s", async (signal) => {
    const error = await failure(scene().executor.exec("server", { signal: signal as AbortSignal }));
    expect(error).toMatchObject({ reason: "invalid_option", details: { option: "signal" } });
    expect(error.message).toMatch(/^Option "signal" must be an AbortSignal, got /);
  });
});

describe("of a timeout and an abort the first counts", () => {
  it.each<[first: string, expected: string]>([["timeout", "timed_out"], ["abort", "canceled"]])(
    "%s",
    async (first, expected) => {
      const controller = new AbortController();
      const { process, child, clock } = await runningScene({
        signal: controller.signal,
        timeout: 1000,
        killGrace: 100,
      });
      child.onKill = (signal) => signal === "SIGKILL" ? child.dieOf(signal) : undefined;
      const waited = outcome(() => process.wait());
      if (first === "abort") controller.abort();
      await clock.advance(1000);
      controller.abort();
      await clock.advance(2000);
      await waited;
      expect(await outcome(() => process.wait())).toBe(expected);
      expect(process.exitStatus).toMatchObject({
        timedOut: first === "timeout",
        canceled: first === "abort",
      });
      expect(child.kills).toEqual(["SIGTERM group", "SIGKILL group"]);
    },
  );
});

describe("during start", () => {
  const sources: [
    name: string,
    reason: string,
    interrupt: (on: RunningScene["clock"], by: AbortController) => unknown,
  ][] = [
    ["a timeout", "timed_out", (clock) => clock.advance(1000)],
    ["an abort", "canceled", (_, controller) => controller.abort()],
  ];
  it.each(sources)(
    "%s is told 2 s later at the latest, and a child that comes after that is killed",
    async (_, reason, interrupt) => {
      const controller = new AbortController();
      const { executor, backend, clock } = scene();
      const process = await executor.exec("server", { signal: controller.signal, timeout: 1000 });
      const text = process.stdoutStream().text();
      void text.catch(() => {});
      const open = backend.hold();
      const started = process.start();
      void started.catch(() => {});
      await settle();
      await interrupt(clock, controller);
      await clock.advance(1999);
      expect(await outcome(() => started)).toBe(PENDING);
      await clock.advance(1);
      expect([await outcome(() => started), await outcome(() => process.wait())]).toEqual([reason, reason]);
      expect([process.state, await outcome(() => text), clock.pending]).toEqual(["closed", reason, 0]);
      const closed = process.close();
      expect(await outcome(() => closed)).toBe(PENDING);
      open();
      expect([await closed, backend.child.kills]).toEqual([true, ["SIGKILL group"]]);
      expect(await outcome(() => process.wait())).toBe(reason);
    },
  );

  it.each(sources)(
    "%s leaves nothing running even if nobody closes the process",
    async (_, reason, interrupt) => {
      const controller = new AbortController();
      const { executor, backend, clock } = scene();
      const open = backend.hold();
      const spawned = executor.spawn("server", { signal: controller.signal, timeout: 1000 });
      void spawned.catch(() => {});
      await settle();
      await interrupt(clock, controller);
      open();
      expect(await outcome(() => spawned)).toBe(reason);
      expect(backend.child.kills).toEqual(["SIGKILL group"]);
    },
  );
});

describe("the AbortSignal has no listener and the clock no timer left", () => {
  const endings: [name: string, end: (on: RunningScene, controller: SpyingController) => unknown][] = [
    ["a normal exit", ({ child }) => child.exitWith(0)],
    ["death by a signal", ({ child }) => child.dieOf("SIGSEGV")],
    ["close", ({ process }) => process.close()],
    ["close(true)", ({ process }) => process.close(true)],
    ["the abort itself", (_, controller) => controller.abort()],
    ["the timeout", ({ clock }) => clock.advance(1000)],
    ["release", ({ executor }) => executor.release()],
    ["too much output", ({ process, child }) => {
      void process.stdoutStream().text().catch(() => {});
      child.out.push("0123456789");
    }],
    ["the loss of the process by the backend", ({ child }) => {
      child.out.end();
      child.err.end();
      child.lose(new Error("engine gone"));
    }],
  ];
  it.each(endings)("after %s", async (_, end) => {
    const controller = new SpyingController();
    const on = await runningScene({ signal: controller.signal, timeout: 1000, maxBuffer: 5 });
    expect([controller.listeners, on.clock.pending]).toEqual([1, 1]);
    await end(on, controller);
    await settle();
    expect([controller.listeners, on.clock.pending]).toEqual([0, 0]);
  });

  const starts: [name: string, start: (process: Process, controller: SpyingController) => unknown][] = [
    ["a process that was never started", () => {}],
    ["a process closed before its start", (process) => process.close()],
    ["a start that failed", (process) => process.start()],
    ["a start aborted before", (process, controller) => [controller.abort(), process.start()][1]],
  ];
  it.each(starts)("after %s", async (_, start) => {
    const controller = new SpyingController();
    const { executor, backend, clock } = scene();
    backend.refuse(new Error("no"));
    const process = await executor.exec("server", { signal: controller.signal, timeout: 1000 });
    await outcome(() => start(process, controller));
    expect([controller.listeners, clock.pending]).toEqual([0, 0]);
  });

  it("after output", async () => {
    const controller = new SpyingController();
    const { executor, backend, clock } = scene();
    const output = executor.output("server", { signal: controller.signal, timeout: 1000 });
    await settle();
    backend.child.exitWith(0);
    await output;
    expect([controller.added, controller.listeners, clock.pending]).toEqual([1, 0, 0]);
  });

  it("though thousands of processes share one signal", async () => {
    const controller = new SpyingController();
    const { executor, backend, clock } = scene();
    backend.prepare = (child) => child.exitWith(0);
    for (let i = 0; i < 2000; i++) {
      await executor.output("server", { signal: controller.signal, timeout: 1000 });
    }
    expect([controller.added, controller.listeners, clock.pending]).toEqual([2000, 0, 0]);
  });
});
