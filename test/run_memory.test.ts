import { describe, expect, it } from "vitest";
import { type Report, runHost } from "./support/host.ts";

const MIB = 2 ** 20;

/** Runs a command that prints much in a host of its own, and prints how that went. */
async function measure(how: "run" | "drain", mib: number, maxOutput: number): Promise<Report> {
  const host = await runHost("run_much_output", { args: [String(mib), String(maxOutput), how] });
  expect(host).toMatchObject({ exitCode: 0, stderr: "" });
  const { totalBytes, seconds, grown } = host.report as {
    totalBytes: number;
    seconds: number;
    grown: number;
  };
  expect(totalBytes).toBe(mib * MIB + "end\n".length);
  const speed = `${(totalBytes / MIB / seconds).toFixed(0)} MiB/s`;
  console.log(
    `${how} of ${mib} MiB, keeping ${maxOutput} bytes: ${speed}, ${(grown / MIB).toFixed(0)} MiB more memory`,
  );
  return host.report;
}

describe("memory is bounded by maxOutput", () => {
  it("for 1 GiB of output", async () => {
    const report = await measure("run", 1024, 50_000);
    expect(report).toMatchObject({ truncated: true, end: "-----\nend\n" });
    expect(report["length"]).toBeLessThanOrEqual(50_000 + 100);
    // A runtime collects its garbage when it likes; a copy of all would be ten times as much.
    expect(report["grown"]).toBeLessThan(128 * MIB);
  });

  it("for much output of which much is kept", async () => {
    const report = await measure("run", 256, 16 * MIB);
    expect(report["length"]).toBeGreaterThan(15 * MIB);
    // The bytes, their text, and the pieces it is made of.
    expect(report["grown"]).toBeLessThan((128 + 5 * 16) * MIB);
  });

  it("and is about what reading without keeping takes", async () => {
    expect((await measure("drain", 256, 0))["grown"]).toBeLessThan(128 * MIB);
  });
});
