// flags: none
import assert from "node:assert/strict";
import { createExecutor, run } from "../../mod.ts";
import { fakeBackend, virtualClock } from "../../src/testing/mod.ts";

// This process has no permission at all, and Deno looks whether a test leaves anything open.

Deno.test("a fake and virtual time need no permission and leave nothing open", async () => {
  const clock = virtualClock({ auto: true });
  const fake = fakeBackend({ clock });
  fake.on("much", { steps: Array.from({ length: 1000 }, () => ({ stdout: "x" })), delay: 60_000 });
  fake.on("daemon", { holdsPipe: Infinity }).on("stubborn", { delay: Infinity, ignores: ["SIGTERM"] });
  fake.onShell("make", { stdout: "made" });
  const executor = createExecutor({ backend: fake, clock });
  assert.equal((await executor.output("much", { input: "in" })).stdoutText().length, 1000);
  assert.equal((await executor.output("daemon")).complete, false);
  assert.equal((await run("make", { cwd: "/app", executor })).ok, true);
  const stubborn = await executor.spawn("stubborn", { timeout: 30_000 });
  await assert.rejects(stubborn.wait(), { reason: "timed_out" });
  assert.equal(clock.pending, 0);
});

Deno.test("a fake on the runtime's own timers leaves none running", async () => {
  const executor = createExecutor({ backend: fakeBackend().on("a", { delay: 5, holdsPipe: Infinity }) });
  await executor.output("a", { timeout: 60_000 });
});
