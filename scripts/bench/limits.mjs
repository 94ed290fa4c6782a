/**
 * Why a target is missed, by hand: what a profile or a count showed, and where the limit is. The document shows those
 * that are about a target which was missed in the run it is made of.
 */

/** V8's rule about buffers of young objects, as `--trace-gc` shows it. */
const GARBAGE =
  "What a tee was given it may keep, so nobody but the collector can free it. V8 counts a buffer by the few bytes of its " +
  "object, and lets 32 MiB of buffers that nobody needs build up before it looks: `node --trace-gc` shows 225 " +
  "collections for 7 GiB read by the bare 'data' loop, which is one for each 31.9 MiB. The bare loops, which free " +
  "nothing, are at about the same.";

/** What a command costs beside the bare runtime's work, on Node, where most is known of it. */
const START =
  "Two looks that promises need take what 1.05 leaves: the bare loop itself, with one look into `/proc` when the pipe ends " +
  "(a death by a real-time signal, which Node tells as success) and one `kill(-pid, 0)` (whether the command left " +
  "something behind), takes 1.046 times as long on Node 20 and 1.066 on Node 26. Where the rest goes, the kernel's trace " +
  "shows (Node 26, µs of a command, that loop | polyspawn | tinyexec): from the end of the command to its reaping, with the " +
  "look, 166 | 163 | 127; JavaScript from there to the next fork 71 | 86 | 79; the fork 340 | 410 | 365; from there " +
  "to the exec 425 | 500 | 520; the command itself 360 for all. So it is not in JavaScript, but in the fork, and in what the " +
  "child drops at its exec: memory that V8's compiling threads took from `malloc` and keep (9 to 12 MB | 5 | 6), which " +
  "grows with the code that was compiled, in the first thousands of commands, and which unlike V8's own heap each fork " +
  "copies. Without those threads (`--single-threaded`) all three are where JavaScript and the looks put them: bare 1.27 ms, " +
  "with the looks 1.28, polyspawn 1.31, tinyexec 1.32, nano-spawn 1.39 (on a noisier machine 1.24, 1.30, 1.27 to 1.45, " +
  "1.33 to 1.44, 1.40 to 1.57). After 15,000 commands polyspawn and tinyexec take the same with them, too. The peers in front " +
  "make no group, look for nothing that is left, and have no limits and no timers.";

export const limits = [
  { scenario: "spawn", on: ["node"], of: /./, why: START },
  {
    scenario: "spawn",
    on: ["deno"],
    of: /./,
    why:
      "The bare API without a group uses `posix_spawn`; with one Deno forks, and that is all of the difference: see the " +
      "row of the bare API, detached. Every peer but zx starts its commands without a group, and so can't end what " +
      "they have started.",
  },
  {
    scenario: "spawn",
    on: ["bun"],
    of: /./,
    why:
      "The bare `child_process` with a group and an environment of its own (Bun's default is what it was when Bun started), " +
      "and with the two looks, takes 1.09 times as long as the bare one, and this package 1.13, " +
      "measured in turns in one host. tinyexec, which looks for nothing, takes 1.05 times as long there. By `--cpu-prof` " +
      "the looks are 40 to 50 µs of a command, all JavaScript of this package 41, and `Object.freeze` of what callers get 10.",
  },
  { scenario: "concurrent", on: ["node"], of: /./, why: START },
  {
    scenario: "concurrent",
    on: ["deno"],
    of: /./,
    why:
      "As one after another: a child that leads a group is forked by Deno, and every peer but zx makes no group.",
  },
  { scenario: "concurrent", on: ["bun"], of: /./, why: "As one after another." },
  {
    scenario: "stdout",
    on: ["node"],
    of: /for await|read\(\)|readable/,
    why:
      "All of these and the bare 'data' loop get the same buffers from Node, one new one for each 64 KiB. With 64 " +
      "KiB a write, of 26 µs a chunk (`--cpu-prof`), 23 are Node's read into new memory and the wait for the " +
      "command, 1.5 are the collector and the engine, and 1.5 are all JavaScript, Node's own included. So parity is " +
      "the best that can be had, and the sign of a few per cent is noise. Faster would be a socket that reads into " +
      "memory used again, as `run` has; but a pair of sockets makes a spawn 1.1 times as long, and chunks that a " +
      "reader may keep need new memory all the same.",
  },
  {
    scenario: "stdout",
    on: ["node", "deno", "bun"],
    of: /run with tee/,
    what: /times/,
    why:
      "A tee may keep or transfer what it gets, and `run` keeps the end of it too. So each chunk is new memory, as for " +
      "the bare loop, and what is kept is copied besides: at most 50 KB of each 64 KiB, into memory that is used again " +
      "(alone, 64 KiB take 1.2 µs so, and 5 to 8 into new memory), and a tee that is slow is waited for by a promise a chunk. " +
      "1.1 times faster than a loop that does neither is below what reading into new memory takes.",
  },
  {
    scenario: "stdout",
    on: ["node"],
    of: /run$|wait, nobody reads/,
    what: /times/,
    why:
      "Both are within a few per cent of the C program, which reads into one buffer and does nothing else: see its row. " +
      "What is left is the kernel's copy, and the command that writes.",
  },
  { scenario: "stdout", on: ["node", "deno"], of: /run with tee/, what: /memory/, why: GARBAGE },
  {
    scenario: "stdout",
    on: ["bun"],
    of: /./,
    what: /memory/,
    why:
      "Bun's sockets take no buffer to read into, and half of the chunks of a pipe come in memory that they share with " +
      "others (10,714 of 20,733 for 1 GiB), which nobody can free. A bare loop that frees each chunk at once, as soon as " +
      "it has it, is at 58 MB over a socket and 69 over a pipe; what a tee was given is not this package's to free.",
  },
  {
    scenario: "stdout",
    on: ["deno"],
    of: /run$|nobody/,
    what: /times/,
    why:
      'Both are a BYOB reader whose buffer is used again. By hand, without this package, that is the row "BYOB reader": ' +
      "there is no faster way to read on Deno. How far both are below the default reader depends on the machine: " +
      "the pipe holds 64 KiB, and command and reader may have to take turns.",
  },
  {
    scenario: "stdout",
    on: ["deno"],
    of: /for await|read\(\)|readable/,
    why:
      "A chunk that the reader may keep needs new memory: 64 KiB for each read, to clear (`perf record`: 13 % of the " +
      "main thread) and to free (13 % of all samples are V8's other thread, on a machine of two cores of which the command " +
      'has one). By hand, without this package, that is the row "BYOB reader, new memory"; the same loop that frees ' +
      "each chunk at once takes as long as the one with a single buffer, so that it is the memory and nothing else. " +
      "`read()` takes 1.1 to 1.2 times that row, and none of it is this package's JavaScript, which is 0.1 s of 2.9 that six " +
      "GiB take the main thread (`--cpu-prof`): the kernel's copy into cold memory, and the collector (0.34 s for 0.12), take " +
      "more, because V8 makes its young generation larger where there are promises of two layers and so collects later. With " +
      "`--max-semi-space-size=1` both take the same, 474 and 503 ms, and 95 and 100 MB. Copying no small chunks, or larger " +
      "ones too, changed nothing. Command and reader also fall into step, at 48 or at 64 KiB a read: the same loop takes 390 " +
      "to 635 ms.",
  },
  {
    scenario: "lines",
    on: ["node", "deno", "bun"],
    of: /lines\(\)/,
    what: /in a loop/,
    why:
      "Each line of an async iterator is a promise, and a turn of the queue of microtasks. By `--cpu-prof` on Node " +
      "20, of 0.13 µs a line 0.09 are that: the loop that takes it (0.04), the queue (0.03), `next` (0.01) and the " +
      "collector (0.01); decoding and splitting take 0.03, as they do in the loop without an iterator. A generator " +
      "and `readline`, which give the same, take about twice as long as `lines()`.",
  },
  {
    scenario: "runner",
    on: ["bun"],
    of: /50 KB/,
    what: /memory/,
    why:
      "A bare loop over a socket that frees each chunk at once, and keeps nothing, grows by 22 MB too, from the first " +
      "command to the end of 4 GiB: that is Bun's own compiler and collector.",
  },
  {
    scenario: "runner",
    on: ["deno"],
    of: /50 KB/,
    what: /memory/,
    why:
      "A bare BYOB loop with one buffer grows by 13 MB. V8 makes the rest of it for the promises of the chunks: its heap " +
      "grows from 9 MB to 16, and with `--max-semi-space-size=1` from 9 to 10, and all of the host by 17. No buffers are " +
      "left (`memoryUsage().arrayBuffers` is 0).",
  },
  {
    scenario: "runner",
    on: ["bun"],
    of: /5 MB/,
    what: /times/,
    why:
      "It is the amount that is kept: 332 ms with 50 KB, 360 with 1 MB, 405 with 2.5 MB, 402 with 5 MB, and 354 for the " +
      "loop that keeps nothing. It costs from about the size of the processor's second-level cache on (1 MiB a core): Bun " +
      "makes new memory for each chunk, which is in the cache where the last one was just freed.",
  },
  {
    scenario: "grow-processes",
    on: ["deno"],
    of: /./,
    why:
      "A loop over the bare `Deno.Command`, detached, grows as much: 1.4 ms with 1 process alive, 3.15 ms with 1,000.",
  },
  {
    scenario: "merge",
    on: ["node"],
    of: /./,
    why:
      "Node can't make a pair of sockets: one is made by listening and connecting, eight at a time. That takes 0.15 " +
      "ms of the processor a command (`--cpu-prof`: connect 0.06, accept 0.04, directory and listener 0.03). `run` " +
      "adds the look for a shell, a timer, and the text.",
  },
  {
    scenario: "merge",
    on: ["deno"],
    of: /./,
    why:
      "`Deno.Command` can't give two descriptors one pipe. A shell does it and then becomes the command: what is " +
      "added is the start of that shell, about 0.7 ms of the machine and 0.2 ms of the host's processor. (Deno's " +
      "`node:child_process` could, but closes descriptors twice that may be somebody else's by then.)",
  },
];

/** Why the missed targets of a scenario on a kind of runtime are missed, each reason once; where none is known it says so. */
export function reasonsFor(scenario, kind, missed) {
  const reasons = missed.map((target) =>
    limits.find(({ scenario: name, on, of, what = /./ }) =>
      name === scenario && on.includes(kind) && of.test(target.of) && what.test(target.what)
    )?.why
  );
  return [...new Set(reasons.map((why) => why ?? UNKNOWN))];
}

const UNKNOWN = "A reason is not known for each: noise, or something that became slower.";
