/**
 * What was written before the exit is read, however late the host's event loop looks at it.
 */
import { describe, expect, it, onTestFinished } from "vitest";
import { createExecutor, type Process } from "../mod.ts";
import { afterTurn, systemClock } from "../src/clock.ts";
import { runtime } from "./support/host.ts";

/** Keeps the event loop from everything for so long, in ms. */
function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** Timers that are late and set others, which are late as well: until then Node's loop comes to nothing else. */
function starve(until: number): void {
  if (performance.now() > until) return;
  setTimeout(() => starve(until), 0);
  block(3);
}

// Bun and Deno let no timer that a timer sets come in the same turn.
it.skipIf(runtime !== "node")(
  "a turn of the event loop is one, though timers that set timers keep it from going on",
  async () => {
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      setTimeout(() => {
        setImmediate(() => order.push("the loop went on"));
        afterTurn(systemClock, () => resolve(void order.push("a turn")));
        starve(performance.now() + 60);
      }, 0);
    });
    expect(order).toEqual(["the loop went on", "a turn"]);
  },
);

it("a turn that is canceled does not come", async () => {
  let came = false;
  const early = afterTurn(systemClock, () => came = true);
  early();
  await new Promise<void>((resolve) => {
    const late = afterTurn(systemClock, () => came = true);
    setTimeout(() => {
      late();
      setTimeout(resolve, 20);
    }, 0);
  });
  expect([came]).toEqual([false]);
});

it("all that was written before the exit is read, though both come in one turn of a busy event loop", async () => {
  const executor = createExecutor({
    onEvent: ({ type, pid }) =>
      void (type === "exit" && pid === child?.pid && starve(performance.now() + 60)),
  });
  const script = "sleep 60 & echo x; sleep 0.3; head -c 150000 /dev/zero";
  const child: Process = await executor.spawn(["sh", "-c", script], { drainIdle: 1, drainMax: 5 });
  onTestFinished(() => executor.release());
  const stream = child.stdoutStream();
  // Its exit, which comes with the first byte of the other one, makes the host look for exits of all.
  await executor.spawn("true");
  block(150);
  let total = 0;
  for await (const chunk of stream) {
    // Meanwhile the rest is written, and the command exits.
    if (total === 0) block(1000);
    total += chunk.length;
  }
  expect([total, stream.complete]).toEqual([150_002, false]);
});

describe.each(["separate", "merged"])("output %s, with a descendant that holds the pipe", (how) => {
  it("is whole, though the loop is blocked again and again around the exit", async () => {
    // Whatever else the host does keeps each of its timers late, and sets others meanwhile.
    let busy = true;
    onTestFinished(() => void (busy = false));
    const keepBusy = () => {
      block(12);
      if (busy) setTimeout(keepBusy, 0);
    };
    for (let i = 0; i < 3; i++) keepBusy();
    const executor = createExecutor();
    const command = ["sh", "-c", "sleep 60 & head -c 150000 /dev/zero; echo end >&2"];
    const outputs = Array.from(
      { length: 8 },
      () => executor.output(command, { mergeStderr: how === "merged", drainIdle: 1, drainMax: 5 }),
    );
    for (const { stdout, stderrText, complete } of await Promise.all(outputs)) {
      const expected = how === "merged" ? [150_004, "", false] : [150_000, "end\n", false];
      expect([stdout.length, stderrText(), complete]).toEqual(expected);
    }
  });
});
