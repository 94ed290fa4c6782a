/**
 * Guards against becoming slow: ratios between this package and the bare runtime doing the same, in the same run,
 * against bounds with room for noise. Never times: those are the machine's. What is over its bound is measured again
 * with more rounds before it counts.
 *
 *   node scripts/bench/guard.mjs
 */
import { appendFileSync } from "node:fs";
import process from "node:process";
import { measure } from "./measure.mjs";
import { buildPackage, findRuntimes, hostEnvironment } from "./prepare.mjs";
import { ratio } from "./statistics.mjs";

const MIB = 2 ** 20;
const BARE = { node: "node", deno: "deno", bun: "bun" };
const ROUNDS = [5, 9, 21];
/** A check that takes longer than all should is a failure too, in ms. */
const LIMIT = 150_000;

const bare = (kind, method) => ({ label: "bare", subject: BARE[kind], method });
const ours = (method, options) => ({ label: "ours", subject: "polyspawn", method, options });
const growth = (label, method, size) => ({ label, subject: "growth", method, options: { size } });
const zeros = (bytes) => ["sh", "-c", `exec head -c ${bytes} /dev/zero`];
const lines = (bytes) => ["sh", "-c", `yes '${"a line of a log ".repeat(6)}' | head -c ${bytes}`];
const stream = (argv) => ({ task: "stream", argv });

/** What is compared: the second with the first, and how many times the first it may take at most. */
const checks = [
  {
    name: "starting a command",
    work: { task: "sequential", argv: ["true"], count: 40 },
    pair: ({ kind }) => [bare(kind, "collectDetached"), ours("collect")],
    most: { wall: 1.6, cpu: 2.2 },
  },
  {
    name: "starting 20 at a time",
    work: { task: "concurrent", argv: ["true"], count: 60, width: 20 },
    pair: ({ kind }) => [bare(kind, "collectDetached"), ours("collect")],
    most: { wall: 1.7 },
  },
  {
    name: "merged output",
    work: { task: "sequential", argv: ["/bin/sh", "-c", "echo out; echo err >&2"], count: 30 },
    pair: () => [ours("collect"), { ...ours("collectMerged"), label: "merged" }],
    most: { wall: 1.6 },
  },
  {
    name: "run",
    work: { task: "sequential", argv: ["/bin/sh", "-c", "echo out; echo err >&2"], count: 30 },
    pair: () => [ours("collect"), { ...ours("runShell"), label: "run" }],
    most: { wall: 1.7 },
  },
  {
    name: "192 MiB in chunks",
    work: stream(zeros(192 * MIB)),
    pair: ({ kind }) => [bare(kind, kind === "node" ? "data" : "reader"), ours("forAwait")],
    most: { wall: 1.4 },
  },
  {
    name: "192 MiB into run",
    work: stream(zeros(192 * MIB)),
    pair: ({ kind }) => [bare(kind, kind === "node" ? "data" : "reader"), ours("run")],
    most: { wall: 1.4 },
    memory: { most: 110e6, runtimes: ["node", "deno"] },
  },
  {
    name: "96 MiB as lines",
    work: stream(lines(96 * MIB)),
    pair: ({ kind }) => [bare(kind, "splitLines"), ours("lines")],
    most: { wall: 1.6 },
  },
  {
    name: "a faked process",
    work: { task: "call" },
    pair: ({ kind }) => [
      { ...bare(kind, "collect"), label: "real", work: { task: "sequential", argv: ["true"], count: 40 } },
      { label: "fake", subject: "fake", method: "sequential", options: { count: 1000 } },
    ],
    most: { wall: 0.35 },
  },
  {
    name: "10,000 commands on the whitelist",
    work: { task: "call" },
    pair: () => [growth("1", "whitelist", 1), growth("10,000", "whitelist", 10_000)],
    most: { wall: 3 },
  },
  {
    name: "10,000 executors registered",
    work: { task: "call" },
    pair: () => [growth("1", "registered", 1), growth("10,000", "registered", 10_000)],
    most: { wall: 4 },
  },
  {
    name: "200 processes alive",
    work: { task: "call" },
    pair: () => [growth("1", "processes", 1), growth("200", "processes", 200)],
    most: { wall: 2 },
  },
];

const started = performance.now();
const environment = hostEnvironment(await buildPackage());
// The oldest Node is enough here; the full benchmark knows the newest as well.
const runtimes = findRuntimes().filter(({ kind, path }) => kind !== "node" || path === process.execPath);
const counts = { passed: 0, failed: 0, skipped: 0 };
for (const runtime of runtimes) {
  for (const check of checks) {
    const problem = await problemOf(check, runtime);
    counts[problem ? "failed" : "passed"]++;
    if (problem) console.log(`FAILED on ${runtime.label}: ${problem}`);
  }
}
const line = `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
console.log(`The guard took ${((performance.now() - started) / 1000).toFixed(0)} s.`);
console.log(`bench: ${line}`);
const { TEST_TOTALS } = process.env;
if (TEST_TOTALS) appendFileSync(TEST_TOTALS, `${counts.passed} ${counts.failed} ${counts.skipped}\n`);
process.exitCode = counts.failed > 0 ? 1 : 0;

/** Why a check fails, after it had another chance; nothing when it passes. */
async function problemOf(check, runtime) {
  let problem;
  for (const rounds of ROUNDS) {
    problem = await attempt(check, runtime, rounds);
    if (!problem || performance.now() - started > LIMIT) break;
  }
  return problem;
}

async function attempt({ name, work, pair, most, memory }, runtime, rounds) {
  const scenario = { work, contestants: pair, memory: memory !== undefined };
  const rows = await measure(scenario, runtime, { environment, rounds });
  const [first, second] = rows;
  for (const row of rows) if (row.problem) return `${name}: ${row.label}: ${row.problem}`;
  const figures = [];
  const problems = [];
  for (const [kind, bound] of Object.entries(most)) {
    // The least of each: what else the machine does can only add.
    const least = (row) => Math.min(...(kind === "cpu" ? row.rawCpu : row.raw));
    const times = Math.min(
      least(second) / least(first),
      kind === "cpu" ? Infinity : ratio(second.raw, first.raw).median,
    );
    figures.push(`${kind} ${times.toFixed(2)} of ${bound}`);
    if (times > bound) problems.push(`${kind} is ${times.toFixed(2)} times ${first.label}, at most ${bound}`);
  }
  if (memory?.runtimes.includes(runtime.kind) && second.memory) {
    figures.push(`memory ${(second.memory.peak / 1e6).toFixed(0)} MB of ${memory.most / 1e6}`);
    if (second.memory.peak > memory.most) {
      problems.push(`takes ${(second.memory.peak / 1e6).toFixed(0)} MB at its peak`);
    }
  }
  console.log(`${runtime.label}: ${name}: ${figures.join(", ")} (${rounds} rounds)`);
  return problems.length > 0 ? `${name} ${problems.join(", ")}` : undefined;
}
