/**
 * Runs many commands in random shapes on the runtime it is started on, and counts those that kept every promise.
 *
 *   main --child FILE [--seed N] [--count N] [--only INDEX] [--at-once N]
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import type { ExecEvent } from "../../mod.ts";
import type { Plan } from "./plan.ts";
import { count, descriptors, grown, survivors, unhandledErrors, usage, watch } from "./leaks.ts";

watch();
const { createExecutor } = await import("../../mod.ts");
const { perform, pause } = await import("./perform.ts");
const { makePlan } = await import("./plan.ts");
const { Slots } = await import("./slots.ts");
const { checkLeft, looksLater, missedRealtime, verify } = await import("./verify.ts");

const { values } = parseArgs({
  options: {
    child: { type: "string" },
    seed: { type: "string" },
    count: { type: "string", default: "300" },
    only: { type: "string" },
    "at-once": { type: "string", default: "12" },
  },
});
if (values.child === undefined) throw new Error("Name the compiled child.c with --child.");
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
const total = Number(values.count);
const only = values.only === undefined ? undefined : Number(values.only);
const atOnce = only === undefined ? Number(values["at-once"]) : 1;
/** A call that has not come back by then is lost; a loaded machine is slow, not wrong. */
const DEADLINE = 60_000;
/** How much more memory the last quarter of a run may hold than the second, in bytes. */
const MEMORY_SLACK = 64 * 2 ** 20;

const { Deno, Bun, gc } = globalThis as unknown as {
  Deno?: object;
  Bun?: { gc(now: boolean): void };
  gc?: () => void;
};
const runtime = Deno ? "deno" : Bun ? "bun" : "node";
const again = `node scripts/chaos.mjs ${runtime} --seed ${seed} --count ${total}`;
console.log(`chaos ${runtime}: seed ${seed}, ${total} processes, ${atOnce} at once`);

const directory = mkdtempSync(join(tmpdir(), "polyspawn-chaos-"));
const slots = new Slots(join(directory, "slots"), total);
const token = crypto.randomUUID();
const never = new AbortController().signal;
count(never, "addEventListener", "removeEventListener");
/** The events of each process, in order. */
const events: string[][] = [];
const onEvent = ({ type, argv }: ExecEvent) => {
  // The index is a word of the command, or of the text for a shell.
  const index = argv?.join(" ").split(`${slots.path} `)[1]?.split(" ")[0];
  (events[Number(index)] ??= []).push(type);
};
const executor = createExecutor({ onEvent });
const scene = {
  executor,
  command: values.child,
  slots: slots.path,
  never,
  mark: (index: number) => `${token}:${index}`,
};

/** The environment variable of what a process started. */
const variable = (index: number) => `POLYSPAWN_CHAOS=${scene.mark(index)}`;
/** Those of which what is left is looked at when all is over. */
const later: Plan[] = [];
let [missed, slow] = [0, 0];

const totals = { passed: 0, failed: 0 };
const seenOf: Record<string, number> = {};
let [bytes, next, pending] = [0, only ?? 0, 0];
const memory: number[] = [];

function failed(what: string, problems: readonly unknown[]): void {
  totals.failed++;
  console.log(`FAILED ${what}`);
  for (const problem of problems) console.log(`  ${problem}`);
}

async function one(index: number): Promise<void> {
  const plan = makePlan(seed, index);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"late">((resolve) => timer = setTimeout(() => resolve("late"), DEADLINE));
  pending++;
  let problems: string[];
  try {
    const seen = await Promise.race([perform(plan, scene).finally(() => pending--), late]);
    const slot = slots.read(index);
    if (seen === "late") problems = [`no answer within ${DEADLINE} ms; its slot: ${JSON.stringify(slot)}`];
    else {
      const all = { ...seen, events: events[index] ?? [] };
      problems = verify(plan, all, slot, variable(index));
      if (looksLater(plan, all)) later.push(plan);
      if (all.closed === false) slow++;
      missed += missedRealtime(plan, all) ? 1 : 0;
    }
    bytes += slot.out + slot.err + slot.read;
  } catch (error) {
    problems = [error instanceof Error ? error.stack ?? error.message : String(error)];
  }
  clearTimeout(timer);
  const { api, end, action, reader, descendant, input, missing } = plan;
  const shape = [api, end.how, action.how, reader, descendant, input.how];
  for (const name of missing ? [api, "missing"] : shape) seenOf[name] = (seenOf[name] ?? 0) + 1;
  if (problems.length === 0) totals.passed++;
  else {
    const replay = `again: ${again} --only ${index}`;
    failed(`process ${index}`, [...problems, `plan: ${JSON.stringify(plan)}`, replay]);
  }
}

/** Whether a plan has something that nobody ends; it may have come too late for the look at its own process. */
function mayBeLeft(index: number): boolean {
  const { descendant, keepBackground } = makePlan(seed, index);
  return keepBackground || descendant.startsWith("session");
}

async function some(last: number): Promise<void> {
  const worker = async () => {
    while (next < last) await one(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** Pairs of sockets are made in advance, and nobody has leaked those. */
async function closeSpares(): Promise<void> {
  if (runtime !== "deno") (await import("../../backends/socket_pair.ts")).closeIdleSocketPairs();
}

/** Memory in use once garbage is gone. */
async function heldMemory(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    gc?.();
    Bun?.gc(true);
    await pause(10);
  }
  return process.memoryUsage().rss;
}

const startedAt = performance.now();
if (only !== undefined) await some(only + 1);
else {
  // What is made once and kept, such as pairs of sockets in advance, is there after the first ones.
  await some(Math.min(100, total));
  await executor.release();
}
await closeSpares();
const before = usage();
const executor2 = createExecutor({ onEvent });
Object.assign(scene, { executor: executor2 });
while (only === undefined && next < total) {
  await some(Math.min(next + Math.max(100, Math.ceil(total / 20)), total));
  memory.push(await heldMemory());
}
await executor2.release();
const late: string[] = [];
if (later.length > 0) await pause(2000);
for (const plan of later) {
  checkLeft(plan, slots.read(plan.index), variable(plan.index), (good, problem) => {
    if (!good) late.push(`process ${plan.index}: ${problem}`);
  });
}
// Sockets close, and zombies are reaped, in their own time.
await closeSpares();
let left = grown(before);
for (let tries = 0; left.length > 0 && tries < 100; tries++) {
  await pause(50);
  left = grown(before);
}
const alive = survivors(token);
for (const { pid } of alive) process.kill(pid, "SIGKILL");
const leaks = [
  ...left,
  ...late,
  ...alive.filter(({ mark }) => !mayBeLeft(Number(mark.split(":").at(-1))))
    .map(({ mark }) => `it still runs: ${mark}`),
  ...(pending > 0 ? [`${pending} calls have no answer`] : []),
];
const quarter = Math.floor(memory.length / 4);
const growth = quarter === 0
  ? 0
  : median(memory.slice(-quarter)) - median(memory.slice(quarter, 2 * quarter));
if (growth > MEMORY_SLACK) leaks.push(`memory grew by ${mib(growth)}: ${memory.map(mib).join(", ")}`);
if (only === undefined) {
  if (leaks.length === 0) totals.passed++;
  else failed("to leave nothing behind", [...leaks, ...unhandledErrors(), ...descriptors(), again]);
}
slots.close();
rmSync(directory, { recursive: true, force: true });

const seconds = (performance.now() - startedAt) / 1000;
console.log(`  ${Object.entries(seenOf).map(([name, n]) => `${name} ${n}`).join(", ")}`);
if (slow > 0) console.log(`  ${slow} times close was false: what was killed had no time to die within 2 s`);
console.log(
  `  ${missed > 0 ? `${missed} deaths by real-time signals read as exit code 0; ` : ""}${mib(bytes)} in ${
    seconds.toFixed(1)
  } s; memory after each part: ${memory.map(mib).join(", ")}; ` +
    Object.entries(usage()).filter(([, n]) => n > 0).map(([name, n]) => `${name} ${n}`).join(", "),
);
console.log(`chaos ${runtime}: ${totals.passed} passed, ${totals.failed} failed, 0 skipped`);
process.exitCode = totals.failed > 0 ? 1 : 0;

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function mib(size: number): string {
  return `${(size / 2 ** 20).toFixed(0)} MiB`;
}
