/**
 * A host whose spawning helper can't be had, or dies with it.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import process from "node:process";
import { describe, expect, it, onTestFinished } from "vitest";
import { runHost, runtime } from "../support/host.ts";
import { until } from "../support/within.ts";

/** A temporary directory of the host's own. */
function place(): string {
  const directory = mkdtempSync("/tmp/helper-");
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

describe.skipIf(runtime !== "node")(
  "without a spawning helper commands run all the same, and one warning says so",
  () => {
    for (const what of ["no executable", "another program"]) {
      it(`where there is ${what} to run it`, async () => {
        const host = await runHost("helper_life", { args: [what], env: { TMPDIR: place() } });
        expect(host).toMatchObject({ exitCode: 0, report: { outputs: ["one\n", "two\n"], left: [] } });
        expect(host.stderr.match(/there is no spawning helper/g)).toHaveLength(1);
      });
    }

    it("where no socket can be made", async () => {
      // Neither TMPDIR nor what stands in for it.
      const env = { TMPDIR: "/proc" };
      const under = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
        .concat('mount -t tmpfs -o ro none /tmp && exec "$@"', "sh");
      const probe = await runHost("helper_life", { args: [""], under, env }).catch(() => undefined);
      if (!probe || probe.exitCode !== 0) return; // a kernel or a user without namespaces
      expect(probe.report["outputs"]).toEqual(["one\n", "two\n"]);
      expect(probe.stderr.match(/there is no spawning helper/g)).toHaveLength(1);
    });
  },
);

describe.skipIf(runtime !== "bun")("on Bun, which has no spawning helper,", () => {
  it("commands run all the same, and one warning says so", async () => {
    const host = await runHost("helper_life", { args: [""] });
    expect(host).toMatchObject({ exitCode: 0, report: { outputs: ["one\n", "two\n"] } });
    expect(host.stderr.match(/there is no spawning helper here/g)).toHaveLength(1);
  });
});

describe.skipIf(runtime !== "node")("a spawning helper", () => {
  it("is had later where the host had no descriptor left for it", async () => {
    const env = { TMPDIR: place() };
    const host = await runHost("helper_life", {
      args: ["no descriptors"],
      env,
      under: ["sh", "-c", 'ulimit -n 64; exec "$@"', "sh"],
    });
    expect(host).toMatchObject({
      exitCode: 0,
      report: { refused: "resource_exhausted", outputs: ["one\n", "two\n"] },
    });
  });

  it("leaves no file behind when its host is killed", async () => {
    const directory = place();
    const { signal } = await runHost("end", {
      args: ["wait", "helper"],
      env: { TMPDIR: directory },
      onReport: ({ ready }, _, host) => {
        if (ready !== true) return;
        expect(readdirSync(directory)).toHaveLength(1);
        process.kill(host.pid!, "SIGKILL");
      },
    });
    expect(signal).toBe("SIGKILL");
    await until(() => readdirSync(directory).length === 0);
  });
});
