import { beforeAll, describe, expect, it } from "vitest";
import { run, type RunOptions, type RunResult } from "../mod.ts";
import { isInstalled } from "./support/installed.ts";
import { isRunning, killAll } from "./support/liveness.ts";
import { expectNoneLeft, pidsIn } from "./support/pids.ts";
import { until, within } from "./support/within.ts";

interface Case {
  readonly command: string;
  /** What the output must look like; `pid N` tells of a process that must be gone, `escapee N` of one that may live. */
  readonly output: RegExp;
  /** How many processes it tells of at least (default: 1). */
  readonly pids?: number;
  /** How many of its processes are out of reach and hold the pipe (default: 0). */
  readonly escapees?: number;
  readonly options?: () => Partial<RunOptions>;
}

/** Everything that hangs in a way of its own. */
const cases: Record<string, Case> = {
  "a plain sleep": { command: "echo pid $$; sleep 60", output: /^pid \d+\n$/ },
  "a shell that became the sleep": { command: "echo pid $$; exec sleep 60", output: /^pid \d+\n$/ },
  "a busy loop": { command: "echo pid $$; while :; do :; done", output: /^pid \d+\n$/ },
  "a process that ignores SIGTERM": {
    command: "trap '' TERM; echo pid $$; while :; do sleep 1; done",
    output: /^pid \d+\n$/,
  },
  "processes that all ignore SIGTERM, SIGINT and SIGHUP": {
    command:
      `trap '' TERM INT HUP; for i in 1 2 3; do sh -c 'echo pid $$; exec sleep 60' & done; echo pid $$; wait`,
    output: /^(pid \d+\n){4}$/,
    pids: 4,
  },
  "a handler that prints and exits with 0 on SIGTERM": {
    command: "trap 'echo bye; exit 0' TERM; echo pid $$; while :; do sleep 0.05; done",
    output: /^pid \d+\n(Terminated\n)?bye\n$/,
  },
  "a child that still prints when its shell has died of SIGTERM": {
    command:
      `sh -c 'trap "sleep 0.2; echo late; exit" TERM; echo pid $$; while :; do sleep 0.05; done' & echo pid $$; wait`,
    output: /^(pid \d+\n){2}(Terminated\n)?late\n$/,
    pids: 2,
  },
  "a handler that starts another process on SIGTERM": {
    command: "trap 'sleep 60 & echo pid $!' TERM; echo pid $$; while :; do sleep 0.05; done",
    output: /^pid \d+\n(.*\n)*pid \d+\n/,
    pids: 2,
  },
  "a background child": {
    command: "sleep 60 & echo pid $!; echo pid $$; wait",
    output: /^(pid \d+\n){2}$/,
    pids: 2,
  },
  "a pipeline": { command: `sh -c 'echo pid $$; exec sleep 60' | cat; echo never`, output: /^pid \d+\n$/ },
  "a process that stops itself": { command: "echo pid $$; kill -STOP $$", output: /^pid \d+\n$/ },
  "a background child that is stopped": {
    command: "sleep 60 & kill -STOP $!; echo pid $!; echo pid $$; wait",
    output: /^(pid \d+\n){2}$/,
    pids: 2,
  },
  "fifty shells, each of which waits for a sleep": {
    command: `f() { echo $1; [ $1 -lt 50 ] && f $(($1+1)) & sleep 60; }; echo pid $$; f 1`,
    output: /^pid \d+\n(\d+\n)*50\n$/,
  },
  "a process that closed its outputs": {
    command: "echo pid $$; exec >&- 2>&-; sleep 60",
    output: /^pid \d+\n$/,
  },
  "endless output": {
    command: `echo pid $$ >&2; exec yes`,
    output: /^\.\.\.\(truncated, showing last 48\.8KB of [\d.]+[MG]B\)\n(y\n)+(y)?$/,
    pids: 0,
  },
  "endless output, a byte at a time": {
    command: "echo pid $$; while :; do printf .; done",
    output: /^pid \d+\n\.+$/,
    options: () => ({ maxOutput: Infinity }),
  },
  "an input that nobody reads": {
    command: "echo pid $$; sleep 60",
    output: /^pid \d+\n$/,
    options: () => ({ input: new Uint8Array(5_000_000) }),
  },
  "an input that never comes": {
    command: "echo pid $$; cat",
    output: /^pid \d+\n$/,
    options: () => ({
      input: { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) },
    }),
  },
  "a process in a session of its own that holds the pipe": {
    command: `setsid sh -c 'echo escapee $$; exec sleep 60' & echo pid $$; sleep 60`,
    output: /^(pid \d+\nescapee \d+\n|escapee \d+\npid \d+\n)$/,
    escapees: 1,
  },
  "a process in a session of its own that prints on and on": {
    command: `setsid sh -c 'echo escapee $$; while sleep 0.01; do echo on; done' & echo pid $$; sleep 60`,
    output: /^(pid|escapee) \d+\n(on\n)*(pid|escapee) \d+\n(on\n)+$/,
    escapees: 1,
  },
  "a process in a group of its own that ignores SIGTERM": {
    command: `set -m; sh -c 'trap "" TERM; echo escapee $$; exec sleep 60' & echo pid $$; sleep 60`,
    output: /^(pid|escapee) \d+\n(pid|escapee) \d+\n$/,
    escapees: 1,
  },
};

// macOS has no setsid.
if (!isInstalled("setsid")) {
  for (const [name, { command }] of Object.entries(cases)) if (command.includes("setsid")) delete cases[name];
}

/** Times the command has to get where it hangs, in ms; the second is for a machine under load. */
const TIMEOUTS = [1_000, 6_000];
/** The time to an answer, in ms, below which what was ended had the time to end: above, the machine was too busy. */
const CALM = 850;

/** How a case went. */
interface Outcome {
  readonly result: RunResult;
  readonly timeout: number;
  /** Time to the answer, from where it is bounded, in ms. */
  readonly took: number;
}

/** Ends what is out of reach of any run. */
function endEscapees({ output }: RunResult): void {
  for (const pid of pidsIn(output, "escapee")) if (isRunning(pid)) killAll(pid);
}

/** Runs a case until its timeout, and with a longer one where the machine was too busy to show anything. */
async function timeOut({ command, options, output }: Case): Promise<Outcome> {
  let outcome: Outcome | undefined;
  for (const timeout of TIMEOUTS) {
    const start = performance.now();
    const result = await within(timeout + 1_000, run(command, { cwd: ".", timeout, ...options?.() }));
    const took = performance.now() - start - timeout;
    endEscapees(result);
    outcome = { result, timeout, took };
    if (output.test(result.output) && took < CALM) break;
    await until(() => !pidsIn(result.output).some(isRunning));
  }
  return outcome!;
}

/** Runs a case until it has told all its processes, then aborts it. */
async function abort({ command, options, pids = 1, escapees = 0 }: Case): Promise<Outcome> {
  const controller = new AbortController();
  let seen = "";
  let running: Promise<RunResult> | undefined;
  const result = await new Promise<Outcome>((resolve, reject) => {
    const onOutput = (text: string) => {
      seen += text;
      const allTold = pidsIn(seen).length >= pids && pidsIn(seen, "escapee").length >= escapees;
      if (!allTold || controller.signal.aborted) return;
      const start = performance.now();
      controller.abort();
      const outcome = (result: RunResult) => ({ result, timeout: 0, took: performance.now() - start });
      within(1_000, running!).then((result) => resolve(outcome(result)), reject);
    };
    running = run(command, { cwd: ".", ...options?.(), signal: controller.signal, onOutput });
    running.catch(reject);
  });
  endEscapees(result.result);
  if (result.took >= CALM) await until(() => !pidsIn(result.result.output).some(isRunning));
  return result;
}

/** Goes through cases some at a time, because they sleep most of the time. */
async function goThrough(
  names: string[],
  how: (each: Case) => Promise<Outcome>,
): Promise<Map<string, Promise<Outcome>>> {
  const outcomes = new Map<string, Promise<Outcome>>();
  for (let first = 0; first < names.length; first += 7) {
    for (const name of names.slice(first, first + 7)) outcomes.set(name, how(cases[name]!));
    await Promise.allSettled(outcomes.values());
  }
  return outcomes;
}

describe("a timeout bounds the call, keeps the output so far and leaves nothing of the group, with", () => {
  let outcomes: Map<string, Promise<Outcome>>;
  beforeAll(async () => void (outcomes = await goThrough(Object.keys(cases), timeOut)));

  for (const [name, { output, pids, escapees }] of Object.entries(cases)) {
    it(name, async () => {
      const { result, timeout, took } = await outcomes.get(name)!;
      expectNoneLeft(result.output, pids);
      expect(result).toMatchObject({ ok: false, reason: "timeout", ordered: true });
      expect(result).not.toHaveProperty("exitCode");
      expect(result.output).toMatch(output);
      if (took < CALM) expect(result.complete).toBe(!escapees);
      expect(took).toBeGreaterThanOrEqual(-5);
      expect(result.durationMs).toBeGreaterThanOrEqual(timeout - 5);
      expect(result.durationMs).toBeLessThanOrEqual(timeout + took + 1);
    });
  }

  it("most of them well before the last moment, and because everything was over", async () => {
    const all = await Promise.all(outcomes.values());
    expect(all.filter(({ took }) => took < CALM).length).toBeGreaterThan(all.length / 2);
  });
});

describe("an abort ends the call within a second and leaves nothing of the group, with", () => {
  const names = [
    "a plain sleep",
    "processes that all ignore SIGTERM, SIGINT and SIGHUP",
    "a handler that prints and exits with 0 on SIGTERM",
    "a child that still prints when its shell has died of SIGTERM",
    "a process that closed its outputs",
    "an input that never comes",
    "a process in a session of its own that holds the pipe",
  ].filter((name) => name in cases);
  let outcomes: Map<string, Promise<Outcome>>;
  beforeAll(async () => void (outcomes = await goThrough(names, abort)));

  for (const name of names) {
    it(name, async () => {
      const { output, pids, escapees } = cases[name]!;
      const { result, took } = await outcomes.get(name)!;
      expectNoneLeft(result.output, pids);
      expect(result).toMatchObject({ ok: false, reason: "canceled", ordered: true });
      expect(result).not.toHaveProperty("exitCode");
      if (took >= CALM) return;
      expect(result.complete).toBe(!escapees);
      expect(result.output).toMatch(output);
    });
  }
});

describe("a timeout", () => {
  it("of any length is one: 1 ms, beyond 2^31 ms, none", async () => {
    expect(await run("sleep 60", { cwd: ".", timeout: 1 })).toMatchObject({ reason: "timeout" });
    for (const timeout of [2 ** 31, Number.MAX_VALUE, Infinity]) {
      expect(await run("sleep 0.05; echo x", { cwd: ".", timeout })).toMatchObject({
        ok: true,
        output: "x\n",
      });
    }
  });

  it("that passes while a daemon holds the pipe does not change how the shell ended", async () => {
    const command = "sh -c 'while sleep 0.01; do echo on; done' & echo pid $!; exit 3";
    const limits = { timeout: 700, drainIdle: Infinity, drainMax: Infinity };
    const result = await within(1_700, run(command, { cwd: ".", ...limits }));
    expectNoneLeft(result.output);
    expect(result).toMatchObject({ ok: false, reason: "nonzero", exitCode: 3, complete: true });
  });
});
