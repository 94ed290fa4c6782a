/**
 * Every way a host ends: what it started ends with it, and it ends as it would have by itself.
 */
import process from "node:process";
import { describe, expect, it, onTestFinished } from "vitest";
import { type HostResult, type Report, runHost, runtime } from "../support/host.ts";
import { isRunning, killAll } from "../support/liveness.ts";
import { until } from "../support/within.ts";

const pids = (report: Report) =>
  [report["child"], report["grandchild"]].filter((pid) => pid !== undefined) as number[];

/** Runs a host to its end, which a signal may be; none of what it started may be left then. */
async function end(words: string[], signal?: NodeJS.Signals): Promise<HostResult> {
  const result = await runHost("end", {
    args: words,
    onReport: ({ ready }, _, host) => void (ready === true && signal && process.kill(host.pid!, signal)),
  });
  const started = pids(result.report);
  onTestFinished(() => started.forEach(killAll));
  expect(started).toHaveLength(words.includes("no child") ? 0 : 2);
  await until(() => !started.some(isRunning));
  return result;
}

const ways = [
  "return",
  "process.exit",
  "uncaught error",
  "unhandled rejection",
  ...runtime === "deno" ? ["Deno.exit"] : [],
];
const signals: NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];
/** The kinds of children. */
const kinds: [string[]][] = [
  [[]],
  [["merged"]],
  [["leaver"]],
  ...runtime === "node" ? [[["helper"]], [["helper", "merged", "leaver"]]] as [string[]][] : [],
];

describe("a host that ends takes along what it started, and ends as it would have without", () => {
  for (const way of ways) {
    it.each([...kinds, [["no signals"]]])(`by ${way}, with %j`, async (words) => {
      // A child that runs keeps the host alive, which is what is not asked here.
      const alone = await end([way, "no child"]);
      const host = await end([way, "unref", ...words]);
      expect([host.exitCode, host.signal]).toEqual([alone.exitCode, alone.signal]);
      if (way === "return") expect(host).toMatchObject({ exitCode: 0, stderr: "" });
      else expect(host.exitCode).toBeGreaterThan(0);
    });
  }

  for (const signal of signals) {
    it.each([...kinds, [["unref"]]])(`by ${signal}, with %j`, async (words) => {
      const { exitCode, signal: told, stderr } = await end(["wait", ...words], signal);
      expect({ exitCode, told, stderr }).toEqual({ exitCode: null, told: signal, stderr: "" });
    });
  }
});

describe("a host with handlers of its own keeps control", () => {
  it("over a signal, and what it started ends when it does", async () => {
    const host = await end(["wait", "own handler"], "SIGTERM");
    expect(host).toMatchObject({ exitCode: 21, report: { handled: true } });
  });

  for (const way of ["uncaught error", "unhandled rejection"]) {
    const kinds = ["late handlers", ...runtime === "deno" ? ["late listeners"] : []];
    it.each(kinds)(`over an ${way}, with %s: its children live on with it`, async (kind) => {
      let lived: boolean | undefined;
      const host = await runHost("end", {
        args: [way, kind],
        onReport: ({ handled }, report, host) => {
          if (handled !== true) return;
          // Later than whatever the handler let happen.
          setTimeout(() => {
            lived = pids(report).every(isRunning);
            process.kill(host.pid!, "SIGTERM");
          }, 200);
        },
      });
      pids(host.report).forEach(killAll);
      expect([lived, host.signal]).toEqual([true, "SIGTERM"]);
    });
  }
});

describe("no listener of a host is left", () => {
  it("when no child runs", async () => {
    const { report } = await runHost("listeners");
    expect(report["before"]).toEqual(report["after"]);
    if (runtime !== "deno") expect(report["during"]).not.toEqual(report["before"]);
  });

  it("and a signal ends a host whose children have all ended", async () => {
    const host = await runHost("listeners", {
      args: ["wait"],
      onReport: ({ ready }, _, host) => void (ready === true && process.kill(host.pid!, "SIGTERM")),
    });
    expect(host.signal).toBe("SIGTERM");
  });
});
