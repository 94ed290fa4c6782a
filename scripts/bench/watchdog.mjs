/**
 * What a watchdog costs a spawn, on the runtime this runs on: `node scripts/test.mjs build`, then
 *
 *   node scripts/bench/watchdog.mjs      (or: deno run -A …, bun …)
 *
 * Commands with and without it take turns, so that a busy machine slows both alike. The last line is JSON; times in ms.
 */
import process from "node:process";

const ROUNDS = 300;
const WARM_UP = 20;

const runtime = globalThis.Deno ? "deno" : globalThis.Bun ? "bun" : "node";
const load = (path) =>
  import(new URL(runtime === "node" ? `../../.build/${path}.js` : `../../${path}.ts`, import.meta.url));
const { createExecutor } = await load("mod");
const make = runtime === "deno"
  ? (await load("backends/deno")).denoBackend
  : (await load("backends/node")).nodeBackend;

const executors = {
  off: createExecutor({ backend: make() }),
  on: createExecutor({ backend: make({ watchdog: true }) }),
};
const times = { off: [], on: [] };
for (let round = 0; round < WARM_UP + ROUNDS; round++) {
  for (const [name, executor] of Object.entries(executors)) {
    const start = performance.now();
    await executor.output("true");
    if (round >= WARM_UP) times[name].push(performance.now() - start);
  }
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
// The two of one round met the same machine.
const extra = median(times.on.map((time, round) => time - times.off[round]));
const figures = { runtime, off: median(times.off), on: median(times.on), extra, goal: 1 };
console.log(
  `${runtime} ${process.version}: ${figures.off.toFixed(2)} ms without a watchdog, ` +
    `${figures.on.toFixed(2)} ms with one, ${extra.toFixed(2)} ms more (goal: under 1 ms)`,
);
console.log(JSON.stringify(figures));
