/**
 * A host that computes hears of nothing. A signal that comes meanwhile ends it all the same.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describe, expect, it } from "vitest";
import { type HostResult, runHost, runtime } from "../support/host.ts";
import { isRunning } from "../support/liveness.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { until } from "../support/within.ts";

/** What a host is signalled with and how. */
interface Compute {
  readonly commands: number;
  readonly signal: NodeJS.Signals;
  readonly words?: readonly string[];
  /** Whether one more command ends while the host computes, before the signal comes. */
  readonly ending?: boolean;
  /** Whether the host computes on and on. */
  readonly onAndOn?: boolean;
}

/** Signals a host while it computes, and lets it turn only then. */
function compute({ commands, signal, words = [], ending, onAndOn }: Compute): Promise<HostResult> {
  const directory = temporaryDirectory();
  const [go, last] = [join(directory, "go"), join(directory, "last")];
  return runHost("compute", {
    args: [String(commands), go, ...ending ? [last] : [], ...words],
    onReport: async ({ computing }, { child }, host) => {
      if (!computing) return;
      if (ending) writeFileSync(last, "");
      if (ending) await until(() => !isRunning(child as number));
      process.kill(host.pid!, signal);
      if (!onAndOn) writeFileSync(go, "");
    },
  });
}

/** Signals a host that computes when it hears of the end of a command, and lets it turn only then. */
function computeAtEnd(how: string, words: readonly string[]): Promise<HostResult> {
  const file = join(temporaryDirectory(), "file");
  const endAll = async (pids: unknown) => {
    writeFileSync(`${file}.go`, "");
    await until(() => !(pids as number[]).some(isRunning));
  };
  return runHost("compute_at_end", {
    args: [file, how, ...words],
    onReport: async ({ computing, children }, report, host) => {
      if (children && how !== "leftover") {
        await endAll(children).then(() => writeFileSync(`${file}.ended`, ""));
      }
      if (!computing) return;
      if (how === "leftover") await endAll(report["children"]);
      process.kill(host.pid!, "SIGTERM");
      writeFileSync(file, "");
    },
  });
}

const signals: NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];
const helpers = runtime === "node" ? [[], ["helper"]] : [[]];
/** Commands before the one that ends. Deno tells of ends and of signals in no order: it may lose one after the first. */
const before = runtime === "deno" ? [20] : [0, 20];

describe("a signal that comes while the host computes ends the host", () => {
  it.each([1, 16, 17, 18, 40])("after %i commands in a row", async (commands) => {
    const host = await compute({ commands, signal: "SIGTERM" });
    expect(host).toMatchObject({ exitCode: null, signal: "SIGTERM", stderr: "" });
  });

  it.each(signals)("after many commands in a row, by %s", async (signal) => {
    const host = await compute({ commands: 20, signal });
    expect(host).toMatchObject({ exitCode: null, signal, stderr: "" });
  });

  it.each(helpers.flatMap((words) => before.map((commands) => ({ words, commands }))))(
    "though its last command has ended meanwhile, with %j",
    async ({ words, commands }) => {
      const host = await compute({ commands, signal: "SIGTERM", words, ending: true });
      expect(host).toMatchObject({ exitCode: null, signal: "SIGTERM", stderr: "" });
    },
  );

  it("though one of two commands has ended meanwhile, and the other is killed", async () => {
    const host = await compute({ commands: 2, signal: "SIGTERM", words: ["another"], ending: true });
    expect(host).toMatchObject({ exitCode: null, signal: "SIGTERM", stderr: "" });
    await until(() => !isRunning(host.report["another"] as number));
  });

  // Deno tells of ends and of signals in no order.
  const ends = runtime === "deno" ? ["leftover"] : ["together", "left to the host", "leftover"];
  it.each(helpers.flatMap((words) => ends.map((how) => ({ how, words }))))(
    "between the end of a command and that of the last one: $how, with $words",
    async ({ how, words }) => {
      const host = await computeAtEnd(how, words);
      expect(host).toMatchObject({ exitCode: null, signal: "SIGTERM", stderr: "" });
    },
  );

  it("at once, after one command, however long it computes", async () => {
    const host = await compute({ commands: 1, signal: "SIGINT", onAndOn: true });
    expect(host).toMatchObject({ exitCode: null, signal: "SIGINT" });
  });
});

// Deno does not tell whether the host handles a signal.
describe.skipIf(runtime === "deno")("a signal that the host handles once, while it computes", () => {
  for (const [commands, ending] of [[1, false], [20, false], [0, true], [20, true]] as const) {
    it(`is the host's own affair after ${commands} commands${ending ? " and one that ended" : ""}`, async () => {
      const host = await compute({ commands, ending, signal: "SIGTERM", words: ["own handler"] });
      expect(host).toMatchObject({ exitCode: 21, report: { handled: true }, stderr: "" });
    });
  }
});
