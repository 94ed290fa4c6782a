import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { runHost } from "../support/host.ts";

// A running child keeps its host alive (lifetime.test.ts): once the host has ended, nothing is left to write the file.
describe("nothing is started", () => {
  const reasons = {
    "aborted": "canceled",
    "timed out": "timed_out",
    "policy": "permission_denied",
    "whitelist": "command_not_allowed",
  };
  for (const [why, reason] of Object.entries(reasons)) {
    it(`when it must not be: ${why}`, async () => {
      const directory = mkdtempSync(join(tmpdir(), "polyspawn-denied-"));
      onTestFinished(() => rmSync(directory, { recursive: true }));
      const file = join(directory, "was-started");
      const host = await runHost("denied_start", { args: [why, file] });
      expect(host).toMatchObject({ exitCode: 0, stderr: "" });
      const ways = ["output", "outputWithInput", "spawn", "start", "wait"];
      expect(host.report).toEqual(Object.fromEntries(ways.map((way) => [way, reason])));
      expect(existsSync(file)).toBe(false);
    });
  }

  it("but otherwise the same command is", async () => {
    const directory = mkdtempSync(join(tmpdir(), "polyspawn-denied-"));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const file = join(directory, "was-started");
    await runHost("denied_start", { args: ["nothing", file] });
    expect(existsSync(file)).toBe(true);
  });
});
