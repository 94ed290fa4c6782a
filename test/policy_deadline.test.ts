/**
 * A policy that takes its time, or never answers, keeps no call from its timeout or its AbortSignal.
 */
import { describe, expect, it } from "vitest";
import { createExecutor, type Policy, run } from "../mod.ts";
import { settle } from "./support/manual_clock.ts";
import { failure, outcome } from "./support/outcome.ts";
import { scene } from "./support/scene.ts";
import { SpyingController } from "./support/spying_signal.ts";
import { within } from "./support/within.ts";

const silent: Policy = () => new Promise(() => {});

describe.each(["exec", "spawn", "output"] as const)("%s under a policy that never answers", (method) => {
  it("rejects with timed_out once the timeout passed, and starts nothing", async () => {
    const { executor, backend, clock } = scene({ policy: silent });
    const call = failure(executor[method]("git push", { timeout: 1000 }));
    await clock.advance(999);
    expect(await outcome(() => call)).toBe("(pending)");
    await clock.advance(1);
    const error = await call;
    expect(error).toMatchObject({ kind: "TIMEOUT", reason: "timed_out", details: { timeout: 1000 } });
    expect(error.message).toMatch(/"git push" was not run: its policy gave no answer within .* 1000 ms/);
    expect([backend.requests.length, clock.pending]).toEqual([0, 0]);
  });

  it("rejects with canceled once the signal is aborted, and leaves no listener", async () => {
    const { executor, backend, clock } = scene({ policy: silent });
    const controller = new SpyingController();
    const call = failure(executor[method]("git push", { signal: controller.signal }));
    await settle();
    controller.abort(new Error("the user left"));
    expect(await call).toMatchObject({ kind: "CANCELED", reason: "canceled" });
    expect([backend.requests.length, clock.pending, controller.listeners]).toEqual([0, 0, 0]);
  });

  it("rejects at once under a signal that was aborted before", async () => {
    const { executor, backend } = scene({ policy: silent });
    const call = executor[method]("git push", { signal: AbortSignal.abort() });
    expect(await failure(call)).toMatchObject({ reason: "canceled" });
    expect(backend.requests).toHaveLength(0);
  });
});

it("a policy that answers in time leaves neither timer nor listener, and the timeout counts from the start", async () => {
  const { executor, backend, clock } = scene({
    policy: () => new Promise((resolve) => void clock.setTimeout(() => resolve(true), 900)),
  });
  const controller = new SpyingController();
  const spawned = executor.spawn("server", { timeout: 1000, signal: controller.signal });
  await clock.advance(900);
  const child = await spawned;
  expect(clock.pending).toBe(1);
  await clock.advance(999);
  expect(child.state).toBe("running");
  await clock.advance(1);
  expect(await failure(child.wait())).toMatchObject({ reason: "timed_out" });
  expect([backend.requests.length, clock.pending, controller.listeners]).toEqual([1, 0, 0]);
});

it("a policyTimeout that is shorter than the timeout denies", async () => {
  const { executor, clock } = scene({ policy: silent, policyTimeout: 100 });
  const call = failure(executor.output("git push", { timeout: 1000 }));
  await clock.advance(100);
  expect(await call).toMatchObject({ reason: "permission_denied" });
});

it("a run whose policy never answers is a timeout, and one that is aborted meanwhile is canceled", async () => {
  const executor = createExecutor({ policy: silent });
  const late = await within(10_000, run("true", { cwd: "/", executor, timeout: 50 }));
  expect(late).toMatchObject({ ok: false, reason: "timeout", output: "", complete: false });
  const controller = new AbortController();
  const aborted = run("true", { cwd: "/", executor, signal: controller.signal });
  controller.abort();
  expect(await within(10_000, aborted)).toMatchObject({ ok: false, reason: "canceled" });
});
