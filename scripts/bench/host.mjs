/**
 * The process that is measured, on the runtime it is started with: one subject, asked by lines of JSON on its stdin to
 * do something so many times, answers with what it took.
 *
 *   host.mjs SUBJECT
 */
import process from "node:process";
import { createInterface } from "node:readline";

const [subjectName] = process.argv.slice(2);
const { BENCH_BALLAST } = process.env;

const GIB = 2 ** 30;
const BUFFER = 64 * 1024;

/**
 * 1 GiB that a program with much data holds: in objects of the engine's heap, or in buffers beside it. A fork copies
 * the page tables of both, but V8 keeps much of its heap out of a fork.
 */
const ballasts = {
  objects: () => Array.from({ length: GIB / 64 }, (_, i) => ({ id: i, share: i + 0.5, next: null })),
  buffers: () => Array.from({ length: GIB / BUFFER }, () => new Uint8Array(BUFFER).fill(1)),
};
const ballast = ballasts[BENCH_BALLAST]?.();

const own = { polyspawn: "polyspawn", node: "node_bare", deno: "deno_bare", bun: "bun_bare" };
const internal = { fake: "fake", growth: "growth" };
const file = own[subjectName] ?? internal[subjectName];
const subject = file === undefined
  ? await (await import("./subjects/peers.mjs")).loadPeer(subjectName)
  : (await import(`./subjects/${file}.mjs`)).subject;

/** What can be asked for: each answers how many units of its work it did. */
const tasks = {
  /** One after another. */
  sequential: async ({ method, argv, count }) => {
    for (let i = 0; i < count; i++) await subject[method](argv);
    return count;
  },
  /** So many at a time. */
  concurrent: async ({ method, argv, count, width }) => {
    let left = count;
    const worker = async () => {
      while (left-- > 0) await subject[method](argv);
    };
    await Promise.all(Array.from({ length: width }, worker));
    return count;
  },
  /** Moves bytes out of a command. */
  stream: async ({ method, argv, bytes, options }) => {
    const got = await subject[method](argv, options);
    if (bytes !== undefined && got < bytes) throw new Error(`${method} got ${got} of ${bytes} bytes`);
    return 1;
  },
  /** Moves bytes into a command. */
  feed: async ({ method, argv, bytes, chunk }) => {
    if (chunk) await subject[method](argv, bytes, new Uint8Array(chunk).fill(97));
    else await subject[method](argv, new Uint8Array(bytes).fill(97));
    return 1;
  },
  /** Something of the subject's own. */
  call: async ({ method, options }) => await subject[method](options),
};

/** How long the event loop could not turn, seen by a timer that wants to fire each millisecond. */
function watchLoop() {
  const gaps = [];
  let last = performance.now();
  let timer = setTimeout(function tick() {
    const now = performance.now();
    gaps.push(now - last);
    last = now;
    timer = setTimeout(tick, 1);
  }, 1);
  return () => {
    clearTimeout(timer);
    gaps.push(performance.now() - last);
    gaps.sort((a, b) => a - b);
    return { loopP95: gaps[Math.floor(gaps.length * 0.95)] ?? 0, loopMax: gaps.at(-1) ?? 0 };
  };
}

async function perform({ task, loop, ...asked }) {
  globalThis.gc?.();
  const stopWatching = loop ? watchLoop() : () => ({});
  const cpu = process.cpuUsage();
  const start = performance.now();
  const units = await tasks[task](asked);
  const wall = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return { wall: wall / units, cpu: (user + system) / 1000 / units, ...stopWatching() };
}

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
say({ ready: true, ballast: ballast?.length });
for await (const line of createInterface({ input: process.stdin })) {
  try {
    say(await perform(JSON.parse(line)));
  } catch (error) {
    say({ error: String(error?.message ?? error) });
  }
}
