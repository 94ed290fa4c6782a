import { expect, it } from "vitest";
import { createExecutor, run } from "../../mod.ts";
import { fakeBackend, virtualClock } from "../../src/testing/mod.ts";

// The only tests of this file, because a second command has everything loaded.
it("the very first faked command starts without a turn of the event loop, and no real time passes", async () => {
  let turns = 0;
  const turn = setImmediate(() => turns++);
  const clock = virtualClock({ auto: true });
  const fake = fakeBackend({ clock });
  fake.on("build", { delay: 60_000, stdout: "built\n" });
  const output = createExecutor({ backend: fake, clock }).output("build");
  for (let microtask = 0; microtask < 100 && fake.calls.length === 0; microtask++) await undefined;
  expect([fake.calls.length, turns]).toEqual([1, 0]);
  clearImmediate(turn);
  expect((await output).stdoutText()).toBe("built\n");
});

it("a faked run does neither", async () => {
  let turns = 0;
  const turn = setImmediate(() => turns++);
  const fake = fakeBackend();
  fake.onShell("build", { stdout: "built\n" });
  const running = run("build", { cwd: ".", executor: createExecutor({ backend: fake }) });
  for (let microtask = 0; microtask < 100 && fake.calls.length === 0; microtask++) await undefined;
  expect([fake.calls.length, turns]).toEqual([1, 0]);
  clearImmediate(turn);
  expect(await running).toMatchObject({ ok: true, output: "built\n" });
});
