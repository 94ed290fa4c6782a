/**
 * Guards against becoming slow: ratios between this package and the bare runtime doing the same, in the same run,
 * against bounds with room for noise. Never times: those are the machine's. What is over its bound is measured again
 * with more rounds before it counts.
 *
 *   node scripts/bench/guard.mjs
 */
import { appendFileSync } from "node:fs";
import process from "node:process";
import { Host } from "./hosts.mjs";
import { LOG } from "./log_file.mjs";
import { measure } from "./measure.mjs";
import { buildPackage, findRuntimes, hostEnvironment } from "./prepare.mjs";
import { ratio } from "./statistics.mjs";

const MIB = 2 ** 20;
const BARE = { node: "node", deno: "deno", bun: "bun" };
const ROUNDS = [3, 7, 15];
/** A check that takes longer than all should is a failure too, in ms. */
const LIMIT = 150_000;

const bare = (kind, method) => ({ label: "bare", subject: BARE[kind], method });
/** Bun's own way to start a process is not what this package uses there. */
const compared = (kind, method) => bare(kind === "bun" ? "node" : kind, method);
const ours = (method, options) => ({ label: "ours", subject: "polyspawn", method, options });
const growth = (label, method, size) => ({ label, subject: "growth", method, options: { size } });
const zeros = (bytes) => ["sh", "-c", `exec dd if=/dev/zero bs=16384 count=${bytes / 16384} status=none`];
/** Three times the 16 MiB of a log. */
const log = ["sh", "-c", `exec cat${` '${LOG.path}'`.repeat(3)}`];
const stream = (argv) => ({ task: "stream", argv });

/** What is compared: the second with the first, and how many times the first it may take at most. */
const checks = [
  {
    name: "starting a command",
    work: { task: "sequential", argv: ["true"], count: 40 },
    pair: ({ kind }) => [compared(kind, "collectDetached"), ours("collect")],
    most: { wall: 1.6, cpu: 2.3 },
  },
  {
    name: "starting 20 at a time",
    work: { task: "concurrent", argv: ["true"], count: 60, width: 20 },
    pair: ({ kind }) => [compared(kind, "collectDetached"), ours("collect")],
    most: { wall: 1.7, cpu: 2.4 },
  },
  {
    name: "merged output",
    work: { task: "sequential", argv: ["/bin/sh", "-c", "echo out; echo err >&2"], count: 30 },
    pair: () => [ours("collect"), { ...ours("collectMerged"), label: "apart" }],
    most: { wall: 1.8, cpu: 1.6 },
  },
  {
    name: "run",
    work: { task: "sequential", argv: ["/bin/sh", "-c", "echo out; echo err >&2"], count: 30 },
    pair: () => [ours("collect"), { ...ours("runShell"), label: "run" }],
    most: { wall: 1.8, cpu: 1.9 },
  },
  {
    name: "256 MiB in chunks",
    work: stream(zeros(256 * MIB)),
    pair: ({ kind }) => [bare(kind, kind === "node" ? "data" : "reader"), ours("forAwait")],
    most: { cpu: 1.6 },
  },
  {
    name: "256 MiB into run",
    work: stream(zeros(256 * MIB)),
    pair: ({ kind }) => [bare(kind, kind === "node" ? "data" : "reader"), ours("run")],
    most: { cpu: 1.6 },
  },
  {
    name: "48 MiB as lines",
    work: stream(log),
    pair: ({ kind }) => [bare(kind, "splitLines"), ours("lines")],
    most: { cpu: 2.6 },
  },
  {
    name: "truncation",
    work: stream(zeros(256 * MIB)),
    pair: () => [ours("runWith", 1_000_000), { ...ours("runWith", 1_000), label: "keeping more" }],
    most: { cpu: 1.4 },
  },
  {
    name: "a faked process",
    work: { task: "call" },
    pair: ({ kind }) => [
      {
        ...bare(kind, "collect"),
        label: "a real one",
        work: { task: "sequential", argv: ["true"], count: 40 },
      },
      { label: "fake", subject: "fake", method: "sequential", options: { count: 1000 } },
    ],
    most: { wall: 0.06 },
  },
  {
    name: "10,000 commands on the whitelist",
    work: { task: "call" },
    pair: () => [growth("1", "whitelist", 1), growth("10,000", "whitelist", 10_000)],
    most: { cpu: 1.6 },
  },
  {
    name: "10,000 executors registered",
    work: { task: "call" },
    pair: () => [growth("1", "registered", 1), growth("10,000", "registered", 10_000)],
    most: { cpu: 4 },
  },
  {
    name: "100 processes alive",
    work: { task: "call" },
    pair: () => [growth("1", "processes", 1), growth("100", "processes", 100)],
    most: { cpu: 1.4 },
  },
];

/**
 * Peak memory of a host that runs a command with so much output, as times that of one that runs `true`; Bun is in no
 * hurry to collect what is not needed any more.
 */
const MEMORY = { work: stream(zeros(512 * MIB)), most: ({ kind }) => kind === "bun" ? 2.8 : 1.5 };

const started = performance.now();
const environment = hostEnvironment(await buildPackage());
// The oldest Node is enough here; the full benchmark knows the newest as well.
const runtimes = findRuntimes().filter(({ kind, path }) => kind !== "node" || path === process.execPath);
const counts = { passed: 0, failed: 0, skipped: 0 };
for (const runtime of runtimes) {
  const pool = new Map();
  try {
    for (const check of checks) {
      count(await problemOf((rounds) => attempt(check, runtime, rounds, pool)), runtime);
    }
    count(await problemOf(() => attemptMemory(runtime)), runtime);
  } finally {
    for (const host of pool.values()) host.end();
  }
}
const line = `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
console.log(`The guard took ${((performance.now() - started) / 1000).toFixed(0)} s.`);
console.log(`bench: ${line}`);
const { TEST_TOTALS } = process.env;
if (TEST_TOTALS) appendFileSync(TEST_TOTALS, `${counts.passed} ${counts.failed} ${counts.skipped}\n`);
process.exitCode = counts.failed > 0 ? 1 : 0;

function count(problem, runtime) {
  counts[problem ? "failed" : "passed"]++;
  if (problem) console.log(`FAILED on ${runtime.label}: ${problem}`);
}

/** Why a check fails, after it had another chance; nothing when it passes. */
async function problemOf(attempt) {
  let problem;
  for (const rounds of ROUNDS) {
    problem = await attempt(rounds);
    if (!problem || performance.now() - started > LIMIT) break;
  }
  return problem;
}

async function attempt({ name, work, pair, most }, runtime, rounds, pool) {
  const rows = await measure({ work, contestants: pair }, runtime, { environment, rounds, pool });
  for (const row of rows) if (row.problem) return `${name}: ${row.label}: ${row.problem}`;
  const [first, second] = rows;
  const figures = [];
  const problems = [];
  for (const [kind, bound] of Object.entries(most)) {
    const [ours, base] = [second, first].map((row) => kind === "cpu" ? row.rawCpu : row.raw);
    // What else the machine does can only add: the least of each says the same as a quiet machine would.
    const times = Math.min(Math.min(...ours) / Math.min(...base), ratio(ours, base).median);
    figures.push(`${kind} ${times.toFixed(2)} of ${bound}`);
    if (!(times <= bound)) {
      problems.push(`${kind} is ${times.toFixed(2)} times ${first.label}, at most ${bound}`);
    }
  }
  console.log(`${runtime.label}: ${name}: ${figures.join(", ")} (${rounds} rounds)`);
  return problems.length > 0 ? `${name}: ${problems.join(", ")}` : undefined;
}

/** In hosts of their own: memory that a check before took would count. */
async function attemptMemory(runtime) {
  const peaks = [];
  for (
    const work of [{ task: "sequential", argv: ["true"], count: 20, method: "collect" }, {
      ...MEMORY.work,
      method: "run",
    }]
  ) {
    const host = await Host.start({ runtime, subject: "polyspawn", environment });
    try {
      await host.ask(work);
      const memory = host.memory();
      if (!memory) return undefined;
      peaks.push(memory.peak);
    } finally {
      host.end();
    }
  }
  const [base, peak] = peaks;
  const times = peak / base;
  const most = MEMORY.most(runtime);
  console.log(`${runtime.label}: memory of run: ${times.toFixed(2)} of ${most}`);
  return times <= most ? undefined : `memory of run is ${times.toFixed(2)} times that of a small command`;
}
