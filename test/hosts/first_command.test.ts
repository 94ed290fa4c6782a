import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Report, runHost } from "../support/host.ts";
import { temporaryDirectory } from "../support/temporary.ts";

/** What a host told that met something while its first command was loading what it needs. */
async function meet(...args: string[]): Promise<Report> {
  const { exitCode, signal, report, stderr } = await runHost("first_command", {
    args,
    env: { UV_THREADPOOL_SIZE: "1" },
  });
  expect({ exitCode, signal, stderr }).toEqual({ exitCode: 0, signal: null, stderr: "" });
  expect(report).toMatchObject({ next: true, run: true });
  return report;
}

describe("while what the first command needs is loaded,", () => {
  it.each([
    ["output is aborted", ["canceled", 0], ["canceled"]],
    ["run is aborted", "canceled", ["canceled"]],
    ["the executor is released", ["executor_released", "no output"], []],
    ["the registry is closed", ["executor_released", "no output"], []],
  ])("%s, which is told as ever, and nothing is started", async (happening, told, events) => {
    expect(await meet(happening)).toMatchObject({ told, events });
  });

  it("a timeout passes, of output or run, which is told as ever", async () => {
    expect((await meet("output times out"))["told"]).toEqual(["timed_out", 0]);
    expect((await meet("run times out"))["told"]).toBe("timeout");
  });

  it("others come, and all of them run", async () => {
    expect((await meet("others come"))["told"]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("nothing can be read, and a call with a timeout has its answer in time all the same", async () => {
    const fifo = join(temporaryDirectory(), "fifo");
    spawnSync("mkfifo", [fifo]);
    const { call, late, within } = await meet("nothing can be read", fifo);
    // Only Node 20 and 22 read modules where that can hang.
    expect([true, ["timed_out", "no output"], ["timed_out", 0]]).toContainEqual(call);
    expect([true, "timeout"]).toContain(late);
    expect(within).toBeLessThan(10_000);
  });
});

it("a first command ends though a test has put timers in place that never fire", async () => {
  const { report } = await runHost("fake_timers", { args: ["before"] });
  expect(report).toEqual({ exitCode: 3, inherited: false });
});

it("so does a later one, also one that shares the host's standard input", async () => {
  const { report } = await runHost("fake_timers", { args: ["after"] });
  expect(report).toEqual({ exitCode: 3, inherited: 4 });
});
