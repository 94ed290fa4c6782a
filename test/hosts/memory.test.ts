import { describe, expect, it } from "vitest";
import { type Report, runHost, runtime } from "../support/host.ts";

/** Twice what the runtimes' garbage collectors let pile up, and far less than the 200 MB and more that come in each case. */
const MOST_MB = 130;

/** Less than what piles up where the memory of bytes that nobody needs is not given back at once. */
const LEAST_MB = runtime === "bun" ? 40 : 20;

async function moved(way: string): Promise<Report> {
  const host = await runHost("memory", { args: [way] });
  expect(host).toMatchObject({ exitCode: 0, stderr: "" });
  expect(host.report["grownMB"]).toBeLessThan(MOST_MB);
  return host.report;
}

describe("memory stays bounded, whatever a child writes", () => {
  for (
    const reader of ["a slow reader", "a slow reader of the Web stream", "a slow reader of merged output"]
  ) {
    it(`${reader} of 500 MB holds up the child instead of buffering`, async () => {
      expect(await moved(reader)).toMatchObject({ count: 500_000_000, exitCode: 0 });
    });
  }

  it("a reader that stopped reading an endless stream holds up the child", async () => {
    expect(await moved("a reader that stopped")).toMatchObject({ closed: true });
  });

  it("200 MB of stdout nobody asked for neither pile up nor hold up the child", async () => {
    const report = await moved("stdout nobody asked for");
    expect(report).toMatchObject({ exitCode: 0 });
    expect(report["grownMB"]).toBeLessThan(LEAST_MB);
  });

  it("200 MB of stderr nobody asked for neither pile up nor hold up a reader of stdout", async () => {
    const report = await moved("stderr nobody asked for");
    expect(report).toMatchObject({ text: "done\n", exitCode: 0 });
    expect(report["grownMB"]).toBeLessThan(LEAST_MB);
  });

  it("endless output is given up at maxBuffer, with what came before it on the error", async () => {
    const report = await moved("output past maxBuffer");
    expect(report).toMatchObject({ reason: "buffer_exceeded" });
    expect(report["collected"]).toBeGreaterThanOrEqual(16_000_000);
    expect(report["collected"]).toBeLessThan(20_000_000);
  });

  it("a stream kept for later is given up at maxBuffer, for its readers and for wait", async () => {
    const report = await moved("one stream past maxBuffer while the other is read");
    expect(report).toMatchObject({ reason: "buffer_exceeded", streamReason: "buffer_exceeded" });
  });
});

describe("memory stays bounded, whatever a child does not read", () => {
  const ways = {
    "writes to a child that does not read": "stdin_closed",
    "a Web stream piped to a child that does not read": "stdin_closed",
    "input of a child that does not read": "canceled",
  };
  for (const [way, reason] of Object.entries(ways)) {
    it(`${way} wait, and are given up with it`, async () => {
      const report = await moved(way);
      expect(report).toMatchObject({ reason });
      // MB, each of them new: what pipes and queues hold, and no more.
      expect(report["taken"]).toBeLessThan(20);
    });
  }
});

describe.runIf(runtime === "node")("what Node keeps of a command that has ended", () => {
  it("leads to nothing of this package's", async () => {
    const host = await runHost("left_behind");
    expect(host).toMatchObject({ exitCode: 0, stderr: "" });
    expect(host.report).toMatchObject({ kept: [[0, true]], made: 3, left: 0 });
  });
});
