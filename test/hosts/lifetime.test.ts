import { describe, expect, it } from "vitest";
import { runHost as run, runtime } from "../support/host.ts";

/** What each of the things tells beside the time. */
const things: Record<string, Record<string, unknown>> = {
  "output": {},
  "output with mergeStderr": {},
  "output with a long timeout": {},
  "output with input": {},
  "output that timed out": { reason: "timed_out" },
  "output that was canceled": { reason: "canceled" },
  "output of a missing command": { reason: "command_not_found" },
  "output that passed its limit": { reason: "buffer_exceeded" },
  "output that ended a daemon": {},
  "output that left a daemon with the pipes": { complete: false },
  "output that left a daemon with a merged pipe": { complete: false },
  "reading all while a daemon holds the pipes": { complete: false, exitCode: 0 },
  "reading all while a daemon writes on and on": { complete: false, exitCode: 0 },
  "a wait that nobody reads for": {},
  "a spawn that nobody waits for": {},
  "a process that is never started": {},
  "a stream that is never read": {},
  "a loop that is left early": {},
  "close": {},
  "close of a child that is fed": { reason: "stdin_closed" },
  "close of a child that ignores SIGTERM": { closed: true },
  "close that is forced": {},
  "close, merged": {},
  "close after a daemon was left": { closed: true },
  "release": {},
  "await using": {},
};

/** The backends, by the words of a host that make them. */
const backends: Record<string, string[]> = {
  "the default backend": [],
  ...runtime === "node" && { "a spawning helper": ["helper"] },
};

for (const [backend, words] of Object.entries(backends)) {
  const runHost = (name: string, { args }: { args: string[] }) => run(name, { args: [...args, ...words] });

  describe(`with ${backend}`, () => {
    // Hosts that mostly wait: some of them at a time.
    describe.concurrent("a running child keeps its host alive", () => {
      for (const use of ["nothing", "no pipes", "merged output", "a pending wait", "pending reads"]) {
        it(`with ${use}, until it has exited`, async () => {
          const host = await runHost("leave_child", { args: [use, "no unref"] });
          expect(host).toMatchObject({ exitCode: 0, stderr: "" });
          expect(host.report).toMatchObject({ state: "exited" });
        });
      }
    });

    describe.concurrent("unref lets the host end although the child runs", () => {
      const uses = [
        "nothing",
        "no pipes",
        "merged output",
        "a pending wait",
        "pending reads",
        "a pending read of merged output",
        "a long timeout",
        "a signal that may abort",
      ];
      for (const use of uses) {
        it(`with ${use}`, async () => {
          const host = await runHost("leave_child", { args: [use, "unref after start"] });
          expect(host).toMatchObject({ exitCode: 0, stderr: "" });
          expect(host.report).toMatchObject({ state: "running" });
        });
      }

      it("with a write under way, once the child has taken it", async () => {
        const host = await runHost("leave_child", { args: ["a write under way", "unref after start"] });
        expect(host).toMatchObject({ exitCode: 0, stderr: "" });
        expect(host.report).toMatchObject({ written: true, state: "running" });
      });

      for (const use of ["nothing", "merged output"]) {
        it(`with ${use}, when it was called before start`, async () => {
          const host = await runHost("leave_child", { args: [use, "unref before start"] });
          expect(host).toMatchObject({ exitCode: 0, stderr: "" });
          expect(host.report).toMatchObject({ state: "running" });
        });
      }
    });

    describe.concurrent("nothing keeps the host alive after", () => {
      for (const [thing, expected] of Object.entries(things)) {
        it(thing, async () => {
          const host = await runHost("finish", { args: [thing] });
          expect(host).toMatchObject({ exitCode: 0, stderr: "", report: expected });
          // Far less than the 60 s of the children, timers and grace; a busy machine may take seconds to end a host.
          expect(host.report["lingeredMs"]).toBeLessThan(20_000);
        });
      }
    });
  });
}
