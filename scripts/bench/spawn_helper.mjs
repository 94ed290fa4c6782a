/**
 * What a spawning helper saves a host with much memory, and costs one with little, against bare child_process on Node:
 * `node scripts/test.mjs build`, then
 *
 *   node --max-old-space-size=4096 scripts/bench/spawn_helper.mjs
 *
 * `echo` is run to its end and its output read, one after the other, the ways in turns of some commands each, so that a
 * busy machine slows all alike; then 50 at a time. The delay of the event loop is how late a timer of 1 ms is. Live
 * memory is of two kinds: arrays on V8's heap, which some builds of Node keep out of a fork, and buffers, which none
 * does. The last line is JSON; times in ms.
 */
import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import process from "node:process";

const TURNS = 10;
const WARM_UP = 10;
const AT_ONCE = 50;
const GOALS = { large: 10, none: 1.3, delay: 5 };

const load = (path) => import(new URL(`../../.build/${path}.js`, import.meta.url));
const { createExecutor } = await load("mod");
const { nodeBackend } = await load("backends/node");

function bare() {
  return new Promise((resolve, reject) => {
    const child = spawn("echo", ["hello"], { detached: true });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk) => text += chunk);
    child.on("error", reject).on("close", () => resolve(text));
  });
}

function polyspawn(options) {
  const executor = createExecutor({ backend: nodeBackend(options) });
  return async () => (await executor.output(["echo", "hello"])).stdoutText();
}

const ways = { bare, plain: polyspawn({}), helped: polyspawn({ spawnHelper: true }) };
const names = Object.keys(ways);

const GIB = 2 ** 30;
const memory = {
  none: { rounds: 30, make: () => [] },
  heap: { rounds: 8, make: () => Array.from({ length: 128 }, () => new Array(2 ** 20).fill(1.5)) },
  buffers: { rounds: 4, make: () => Array.from({ length: 128 }, () => Buffer.alloc(GIB / 128, 1)) },
};

const quantile = (values, q) => values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * q)];
const rounded = (value) => Number(value.toFixed(2));

async function once(name) {
  const start = performance.now();
  if (await ways[name]() !== "hello\n") throw new Error(`${name} lost output`);
  return performance.now() - start;
}

/** Does something, and tells how late each timer meanwhile was. */
async function withDelays(delays, action) {
  let due = performance.now() + 1;
  let timer;
  const look = () => {
    const now = performance.now();
    delays.push(Math.max(0, now - due));
    due = now + 1;
    timer = setTimeout(look, 1);
  };
  timer = setTimeout(look, 1);
  await action();
  clearTimeout(timer);
}

async function measure(kind) {
  const { rounds, make } = memory[kind];
  const kept = make();
  const found = Object.fromEntries(names.map((name) => [name, { times: [], delays: [], atOnce: [] }]));
  for (const name of names) for (let i = 0; i < WARM_UP; i++) await once(name);
  for (let turn = 0; turn < TURNS; turn++) {
    for (const name of names) {
      const { times, delays } = found[name];
      await withDelays(delays, async () => {
        for (let i = 0; i < rounds; i++) times.push(await once(name));
      });
    }
  }
  for (let turn = 0; turn < 3; turn++) {
    for (const name of names) {
      const start = performance.now();
      await Promise.all(Array.from({ length: AT_ONCE }, () => once(name)));
      found[name].atOnce.push(performance.now() - start);
    }
  }
  const figures = Object.fromEntries(names.map((name) => [name, {
    median: rounded(quantile(found[name].times, 0.5)),
    p95: rounded(quantile(found[name].times, 0.95)),
    delayP95: rounded(quantile(found[name].delays, 0.95)),
    delayMax: rounded(Math.max(...found[name].delays)),
    atOnce: rounded(quantile(found[name].atOnce, 0.5)),
  }]));
  const { bare: one, helped } = figures;
  const faster = rounded(one.median / helped.median);
  const fasterAtOnce = rounded(one.atOnce / helped.atOnce);
  const { rss } = process.memoryUsage();
  console.log(`${kind}: ${rounded(rss / GIB)} GiB resident, ${TURNS * rounds} commands each way`);
  for (const name of names) console.log(`  ${name.padEnd(7)} ${JSON.stringify(figures[name])}`);
  console.log(
    kind === "none"
      ? `  ${rounded(helped.median / one.median)} times the time of bare (goal: at most ${GOALS.none})`
      : `  ${faster} times faster than bare (goal: ${GOALS.large}), ${AT_ONCE} at once ${fasterAtOnce} times; ` +
        `p95 of the loop's delay ${helped.delayP95} ms (goal: under ${GOALS.delay})`,
  );
  return { kind, live: kept.length, faster, fasterAtOnce, ...figures };
}

const results = [];
for (const kind of Object.keys(memory)) results.push(await measure(kind));
console.log(JSON.stringify({ node: process.version, results, goals: GOALS }));
