import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it, type TestContext } from "vitest";
import { createExecutor, run } from "../mod.ts";
import { runHost } from "./support/host.ts";
import { isInstalled } from "./support/installed.ts";
import { isRunning, killAll } from "./support/liveness.ts";
import { expectNoneLeft, pidsIn } from "./support/pids.ts";
import { temporaryDirectory } from "./support/temporary.ts";
import { within } from "./support/within.ts";

const here = { cwd: "." };

/** The processes a command left running on purpose; they are ended with the test. */
function leftRunning(output: string, { onTestFinished }: TestContext): number[] {
  const pids = pidsIn(output);
  onTestFinished(() => pids.filter(isRunning).forEach(killAll));
  return pids;
}

/** A directory with named pipes, by which commands wait for each other. */
function fifos(context: TestContext, ...names: string[]): string {
  const directory = temporaryDirectory(context);
  execFileSync("mkfifo", names.map((name) => join(directory, name)));
  return directory;
}

describe.concurrent("what a command leaves in the background does not keep its run from answering", () => {
  it("quiet, with the pipe: it is ended", async () => {
    const result = await run("sleep 60 & echo pid $!", here);
    expectNoneLeft(result.output);
    expect(result).toMatchObject({ ok: true, output: expect.stringMatching(/^pid \d+\n$/), complete: false });
    expect(result.durationMs).toBeLessThan(5_000);
  });

  it("chatty, with the pipe: it is ended, and what it printed meanwhile is there", async () => {
    const result = await run("sh -c 'while echo on; do sleep 0.01; done' & echo pid $!; exit 3", here);
    expectNoneLeft(result.output);
    expect(result).toMatchObject({ reason: "nonzero", exitCode: 3, complete: false });
    expect(result.output).toMatch(/^on$/m);
    expect(result.durationMs).toBeLessThan(10_000);
  });

  it("as chatty as can be", async () => {
    let start = "";
    const onOutput = (text: string) => void (start = start.length < 100 ? start + text : start);
    const result = await run("echo pid $$; yes & sleep 0.1", { ...here, onOutput });
    expectNoneLeft(start);
    expect(result).toMatchObject({ ok: true, truncated: true, complete: false });
    expect(result.durationMs).toBeLessThan(10_000);
  });

  it("deaf to SIGTERM", async () => {
    const result = await run("(trap '' TERM; while sleep 1; do :; done) & echo pid $!; sleep 0.2", here);
    expectNoneLeft(result.output);
    expect(result).toMatchObject({ ok: true, complete: false });
  });

  it("without the pipe: the output is complete, and it is ended", async () => {
    // The pipe is held until the background has come to its redirection, which may take its time.
    const result = await run("sleep 60 >/dev/null 2>&1 & echo pid $!", {
      ...here,
      drainIdle: 20_000,
      drainMax: 30_000,
    });
    expectNoneLeft(result.output);
    expect(result).toMatchObject({ ok: true, complete: true });
  });

  it.skipIf(!isInstalled("setsid"))(
    "in a session of its own: it is out of reach, and complete tells",
    async (context) => {
      // Waits until the other one is in its session: before that it could be reached.
      const command = "exec 3>&1; read line < <(setsid sh -c 'echo pid $$; exec sleep 60 >&3'); echo $line";
      const result = await run(command, here);
      const [pid] = leftRunning(result.output, context);
      expect(isRunning(pid!)).toBe(true);
      expect(result).toMatchObject({ ok: true, output: `pid ${pid}\n`, complete: false });
    },
  );

  it("by the rule the caller sets", async () => {
    const command = "sh -c 'while echo on; do sleep 0.01; done' & echo pid $!";
    const atOnce = await run(command, { ...here, drainIdle: 0, drainMax: 0 });
    expectNoneLeft(atOnce.output);
    expect(atOnce).toMatchObject({ ok: true, complete: false });
    const later = await run("sleep 60 & echo pid $!", { ...here, drainIdle: 700, drainMax: Infinity });
    expectNoneLeft(later.output);
    expect(later).toMatchObject({ ok: true, complete: false });
    expect(later.durationMs).toBeGreaterThanOrEqual(690);
  });
});

describe.concurrent("late output of the background is kept", () => {
  it("within the idle rule, to its real end", async () => {
    // The limits are for a loaded machine: the answer comes when the last descendant is done.
    const limits = { ...here, drainIdle: 20_000, drainMax: 30_000 };
    const result = await run("(sleep 0.1; echo late; sleep 0.1; echo later >&2) & echo early", limits);
    expect(result).toMatchObject({ ok: true, output: "early\nlate\nlater\n", complete: true });
    expect(result.durationMs).toBeLessThan(15_000);
  });

  it("much of it", async () => {
    const command = "(head -c 5000000 /dev/zero | tr '\\0' x; echo; echo end) & exit 0";
    const result = await run(command, { ...here, maxOutput: Infinity, drainIdle: 20_000, drainMax: 30_000 });
    expect(result).toMatchObject({ ok: true, totalBytes: 5_000_005, complete: true });
    expect(result.output.endsWith("x\nend\n")).toBe(true);
  });
});

describe.concurrent("keepBackground", () => {
  it("keeps it running, and drained: many megabytes after the answer do not block it", async (context) => {
    const cwd = fifos(context, "go", "done");
    const daemon = "read x <go; head -c 30000000 /dev/zero; head -c 30000000 /dev/zero >&2; echo all >done";
    const result = await run(`(${daemon}) & echo pid $!`, { cwd, keepBackground: true });
    const [pid] = leftRunning(result.output, context);
    expect(result).toMatchObject({ ok: true, output: `pid ${pid}\n`, complete: false });
    expect(isRunning(pid!)).toBe(true);
    expect(await run("echo >go; cat done", { cwd })).toMatchObject({ ok: true, output: "all\n" });
  });

  it("keeps it running although the timeout of the run passes later", async (context) => {
    const cwd = fifos(context, "go", "done");
    const command = "(read x <go; echo all >done) & echo pid $!";
    const result = await run(command, { cwd, timeout: 1_500, keepBackground: true });
    leftRunning(result.output, context);
    expect(result).toMatchObject({ ok: true });
    await run("sleep 2.5", here);
    expect(await run("echo >go; cat done", { cwd })).toMatchObject({ ok: true, output: "all\n" });
  });

  it("keeps it running when the timeout ends the wait for its output", async (context) => {
    const cwd = fifos(context, "go", "done");
    const command = "(read x <go; head -c 3000000 /dev/zero; echo all >done) & echo pid $!; exit 3";
    const limits = { timeout: 1_000, drainIdle: Infinity, drainMax: Infinity };
    const result = await within(2_000, run(command, { cwd, ...limits, keepBackground: true }));
    leftRunning(result.output, context);
    expect(result).toMatchObject({ reason: "nonzero", exitCode: 3, complete: false });
    expect(await run("echo >go; cat done", { cwd })).toMatchObject({ ok: true, output: "all\n" });
  });

  it("does not keep what a timeout ends", async () => {
    const command = "sleep 60 & echo pid $!; sleep 60";
    const result = await run(command, { ...here, timeout: 1_000, keepBackground: true });
    expectNoneLeft(result.output);
    expect(result).toMatchObject({ reason: "timeout" });
  });

  it("keeps it until its executor is released", async (context) => {
    const executor = createExecutor({ killGrace: 100 });
    const result = await run("sleep 60 & echo pid $!", { ...here, executor, keepBackground: true });
    const [pid] = leftRunning(result.output, context);
    expect(isRunning(pid!)).toBe(true);
    await executor.release();
    expectNoneLeft(result.output);
  });

  it("does not keep the host alive", async () => {
    const host = await runHost("keep_background");
    expect(host).toMatchObject({ exitCode: 0, stderr: "", report: { ok: true } });
    expect(host.report["lingeredMs"]).toBeLessThan(5_000);
  });
});
