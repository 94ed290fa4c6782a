/**
 * What is measured. Each scenario compares contestants that do the same work: a subject, a way it offers, and the
 * words for it. The first one is what the others are compared with. `targets` say how many times that (or another
 * contestant) ours may take at most.
 */
import { LOG } from "./log_file.mjs";

const GIB = 2 ** 30;
const MIB = 2 ** 20;
const ours = (label, method, more) => ({
  label: `polyspawn${label && ` ${label}`}`,
  subject: "polyspawn",
  method,
  ...more,
});

/** The runtime's own way; what is called bare. */
const BARE = {
  node: { label: "bare child_process", subject: "node" },
  deno: { label: "bare Deno.Command", subject: "deno" },
  bun: { label: "bare Bun.spawn", subject: "bun" },
};
const bare = ({ kind }, method, words = "") => ({
  ...BARE[kind],
  label: `${BARE[kind].label}${words}`,
  method,
});
/** Node's API on the others. */
const compat = ({ kind }, method) =>
  kind === "node" ? [] : [{ label: "its child_process", subject: "node", method }];
const peers = (method, names) => names.map((name) => ({ label: name, subject: name, method, peer: true }));
const ALL_PEERS = ["tinyexec", "nano-spawn", "execa", "dax", "zx"];

const spawners = (runtime, withPeers = true) => [
  bare(runtime, "collect"),
  bare(runtime, "collectDetached", ", detached"),
  ...compat(runtime, "collect"),
  ours("", "collect"),
  ...(withPeers ? peers("collect", ALL_PEERS) : []),
  { label: "C posix_spawn", c: true },
];

/**
 * 16 KiB a write, as fast as the machine can. `head` writes 4 KiB at a time, and then every reader waits for it; 64 KiB
 * fill a pipe to the brim, and then command and reader take turns.
 */
const zeros = (bytes) => ["sh", "-c", `exec dd if=/dev/zero bs=16384 count=${bytes / 16384} status=none`];
/** So many times the same 16 MiB of a log. */
const log = (times) => ["sh", "-c", `exec cat${` '${LOG.path}'`.repeat(times)}`];
const swallow = ["sh", "-c", "exec cat >/dev/null"];

/**
 * So many starts take the engines to compile what they will, and V8 to let its heap grow to the size that it keeps.
 * Before that, what is measured is the compiling, which takes a core that the commands need.
 */
const WARM_UP = 3000;

/** 20,000 processes a second. */
const MICROSECONDS_A_FAKE = 50;

export const scenarios = [
  {
    name: "spawn",
    title: "Start `true`, collect what it prints, wait for its end; one after another",
    unit: "ms",
    work: { task: "sequential", argv: ["true"], count: 100, warmUp: WARM_UP },
    note:
      "A process group costs nothing on Node and Bun. On Deno it does: a detached child is forked and not started " +
      "by `posix_spawn`, and what a fork takes grows with the memory of the host. So the bare API with a group is what " +
      "polyspawn can be held to there. Each host has started 3,000 commands before: until then the engines compile what " +
      "they run, and take a core for it that the commands need. What a host that has just begun takes is below.",
    limit: ({ count, argv }) => ["spawn", count, 1, ...argv],
    rounds: 11,
    contestants: (runtime) => spawners(runtime),
    targets: ({ kind }) => [
      ...(kind === "bun" ? [] : [
        { of: "polyspawn", most: 1.05 },
        { of: "polyspawn", most: 1.05, against: `${BARE[kind].label}, detached` },
      ]),
      { of: "polyspawn", most: 1, against: "peers" },
    ],
  },
  {
    name: "first",
    title: "The first 50 commands of a host, one after another",
    unit: "ms",
    work: { task: "sequential", argv: ["true"], count: 50 },
    note:
      "Each round has a host of its own, which has loaded the package and started nothing yet. Loading what only a " +
      "command needs, and running code that no engine has compiled, is most of what lies above the bare API.",
    fresh: true,
    hostRounds: 1,
    rounds: 11,
    contestants: (runtime) => spawners(runtime).filter(({ c }) => !c),
    targets: () => [],
  },
  {
    name: "concurrent",
    title: "The same, 50 at a time: time for each, and how long the event loop could not turn",
    unit: "ms",
    work: { task: "concurrent", argv: ["true"], count: 200, width: 50, loop: true, warmUp: WARM_UP },
    limit: ({ count, width, argv }) => ["spawn", count, width, ...argv],
    rounds: 9,
    contestants: (runtime) => spawners(runtime),
    targets: () => [{ of: "polyspawn", most: 1, against: "peers" }],
  },
  {
    ...heavy("objects"),
    title: "The same one after another, with 1 GiB of live objects",
    note: "V8 keeps much of its heap out of a fork, so that objects cost less than buffers do.",
  },
  {
    ...heavy("buffers"),
    title: "The same one after another, with 1 GiB of live buffers of 64 KiB",
    note:
      "Node forks, and so does Deno for a process that leads a group: the kernel copies the page tables of all of " +
      "that memory, and the event loop waits for it. Only another process that starts the commands avoids that: the " +
      "option `spawnHelper` of `nodeBackend`. Bun, and Deno without a group, share the memory with the child until it " +
      "has become the command.",
  },
  {
    name: "stdout",
    hostRounds: 3,
    title: "1 GiB of stdout, counted and thrown away",
    unit: "ms",
    memory: true,
    note:
      "The command is `dd` with 16 KiB a write, so that the reader is what limits. With `head -c`, which writes 4 KiB at " +
      "a time, all that read, C too, take about 1 s, because that is what it takes to write. `run` reads a socket of its " +
      "own into memory that it uses again; whoever is given chunks to keep needs fresh memory for each.",
    work: { task: "stream", argv: zeros(GIB), bytes: GIB, least: { argv: zeros(64 * 1024), bytes: 0 } },
    limit: ({ argv }) => ["drain", ...argv],
    rounds: 9,
    contestants: (runtime) => [
      ...(runtime.kind === "node"
        ? [
          bare(runtime, "data", ", 'data'"),
          bare(runtime, "forAwait", ", for await"),
          bare(runtime, "web", ", toWeb"),
        ]
        : [bare(runtime, "reader", ", reader")]),
      ...(runtime.kind === "deno"
        ? [bare(runtime, "byob", ", BYOB reader"), bare(runtime, "byobNew", ", BYOB reader, new memory")]
        : []),
      ...(runtime.kind === "bun"
        ? [{ label: "its child_process, 'data'", subject: "node", method: "data" }]
        : []),
      bare(runtime, "tee", ", copied into a stream"),
      ours("for await", "forAwait"),
      ours("read()", "read"),
      ours("readable", "web"),
      ours("run", "run"),
      ours("run with tee", "tee"),
      ours("wait, nobody reads", "unread"),
      { label: "C read", c: true },
    ],
    targets: ({ kind }) => [
      // On Bun this package is on Bun's `node:child_process`: no faster than that was promised there.
      ...(kind === "bun" ? [] : ["for await", "read()", "readable"]).map((way) => ({
        of: `polyspawn ${way}`,
        most: kind === "deno" ? 1 / 1.2 : 1,
      })),
      ...["run", "run with tee", "wait, nobody reads"].flatMap((way) => [
        ...(kind === "bun" ? [] : [{ of: `polyspawn ${way}`, most: kind === "deno" ? 1 / 1.2 : 1 / 1.1 }]),
        { of: `polyspawn ${way}`, memory: 80e6 },
      ]),
      ...(kind === "bun"
        ? []
        : [{ of: "polyspawn run with tee", most: 1, against: `${BARE[kind].label}, copied into a stream` }]),
    ],
  },
  {
    name: "lines",
    title: "1 GiB of stdout as lines of 100 bytes",
    unit: "ms",
    memory: true,
    note:
      "`split` in a loop is no equal: who takes its lines can't wait for anything at one of them. `readline`, and an " +
      "async generator around `split`, are what `lines()` takes the place of.",
    work: { task: "stream", argv: log(64), bytes: 64 * LOG.bytes, least: { argv: log(1), bytes: 0 } },
    rounds: 5,
    contestants: (runtime) => [
      bare(runtime, "splitLines", ", split('\\n') in a loop"),
      bare(runtime, "iterateLines", ", the same in a generator"),
      ...(runtime.kind === "node" ? [bare(runtime, "lines", ", readline")] : []),
      ours("lines()", "lines"),
    ],
    targets: ({ kind }) => [
      { of: "polyspawn lines()", most: 1 },
      { of: "polyspawn lines()", most: 1, against: `${BARE[kind].label}, the same in a generator` },
      { of: "polyspawn lines()", most: 1, against: `${BARE[kind].label}, readline` },
    ],
  },
  {
    name: "lines-peers",
    title: "64 MiB of stdout as lines of 100 bytes, against the peers",
    unit: "ms",
    // Some of the peers leave out what is no line's.
    work: { task: "stream", argv: log(4), bytes: 4 * LOG.bytes },
    rounds: 5,
    contestants: () => [ours("lines()", "lines"), ...peers("lines", ["tinyexec", "nano-spawn", "execa"])],
    targets: () => [{ of: "polyspawn lines()", most: 1, against: "peers" }],
  },
  {
    name: "runner",
    hostRounds: 3,
    title: "1 GiB of output in a shell: draining it, and `run` with a small and a large limit",
    unit: "ms",
    memory: true,
    work: { task: "stream", argv: zeros(GIB), bytes: GIB, least: { argv: zeros(64 * 1024), bytes: 0 } },
    rounds: 5,
    contestants: () => [
      ours("merged, for await", "merged"),
      ours("run, 50 KB kept", "runWith", { options: 50_000 }),
      ours("run, 1 KB kept", "runWith", { options: 1_000 }),
      ours("run, 5 MB kept", "runWith", { options: 5_000_000 }),
    ],
    targets: () => [
      { of: "polyspawn run, 50 KB kept", most: 1.1 },
      { of: "polyspawn run, 1 KB kept", most: 1.1 },
      { of: "polyspawn run, 5 MB kept", most: 1.1 },
      { of: "polyspawn run, 50 KB kept", growth: 20e6 },
    ],
  },
  {
    name: "merge",
    title: "A shell that writes a line to each of both: apart, merged, and by `run`",
    unit: "ms",
    work: { task: "sequential", argv: ["/bin/sh", "-c", "echo out; echo err >&2"], count: 100 },
    rounds: 15,
    contestants: () => [
      ours("output", "collect"),
      ours("output, mergeStderr", "collectMerged"),
      ours("run", "runShell"),
    ],
    targets: () => [
      { of: "polyspawn output, mergeStderr", most: 1.15 },
      { of: "polyspawn run", most: 1.15 },
    ],
  },
  {
    name: "stdin-8m",
    title: "8 MiB into stdin, in one piece",
    unit: "ms",
    work: { task: "feed", argv: swallow, bytes: 8 * MIB },
    limit: ({ bytes, argv }) => ["feed", bytes, ...argv],
    rounds: 15,
    contestants: (
      runtime,
    ) => [
      bare(runtime, "feedOnce"),
      bare(runtime, "feedOnceDetached", ", detached"),
      ...compat(runtime, "feedOnce"),
      ours("input", "feedOnce"),
      { label: "C write", c: true },
    ],
    targets: () => [],
  },
  {
    name: "stdin-1g",
    title: "1 GiB into stdin, 64 KiB at a time",
    unit: "ms",
    memory: true,
    work: { task: "feed", argv: swallow, bytes: GIB, chunk: 64 * 1024, least: { bytes: MIB } },
    limit: ({ bytes, argv }) => ["feed", bytes, ...argv],
    rounds: 5,
    contestants: (runtime) => [
      bare(runtime, "feedChunks"),
      ...compat(runtime, "feedChunks"),
      ours("writeStdin", "feedChunks"),
      { label: "C write", c: true },
    ],
    targets: () => [],
  },
  {
    name: "fake",
    title: "A faked process in a test",
    unit: "µs",
    scale: 1000,
    work: { task: "call" },
    rounds: 9,
    contestants: () => [
      { label: "one after another", subject: "fake", method: "sequential", options: { count: 5000 } },
      { label: "50 at a time", subject: "fake", method: "concurrent", options: { count: 5000, width: 50 } },
      { label: "with input", subject: "fake", method: "withInput", options: { count: 5000 } },
    ],
    targets: () =>
      ["one after another", "50 at a time", "with input"].map((of) => ({ of, value: MICROSECONDS_A_FAKE })),
  },
  growth(
    "processes",
    "With so many processes alive already: start `true`, collect, wait",
    "ms",
    "live processes",
    [
      1,
      10,
      100,
      1000,
    ],
    { flat: 2 },
  ),
  growth("bytes", "A command that prints so much, through a stream: time for each MiB", "ms", "bytes", [
    MIB,
    8 * MIB,
    64 * MIB,
    512 * MIB,
    GIB,
  ], { flat: 1.5, from: 64 * MIB }),
  growth("registered", "With so many executors registered: get one and release it", "µs", "executors", [
    1,
    10,
    100,
    1000,
    10_000,
  ], { flat: 1.5, scale: 1000 }),
  growth("whitelist", "With so many commands on the whitelist: run a fake one", "µs", "entries", [
    1,
    10,
    100,
    1000,
    10_000,
  ], { flat: 1.5, scale: 1000 }),
];

/** Commands that a host starts which holds much memory of a kind. */
function heavy(ballast) {
  return {
    name: `heavy-${ballast}`,
    unit: "ms",
    ballast,
    work: { task: "sequential", argv: ["true"], count: 8, loop: true },
    rounds: 7,
    contestants: (runtime) => [
      bare(runtime, "collect"),
      bare(runtime, "collectDetached", ", detached"),
      ours("", "collect"),
      ...(runtime.kind === "node" ? [ours("with the spawning helper", "collectHelped")] : []),
    ],
    targets: () => [],
  };
}

/**
 * A scenario whose contestants are the same at growing sizes: the cost of each must stay what it was at the first one,
 * or at `from`, where starting the command no longer counts.
 */
function growth(name, title, unit, axis, sizes, { flat, from, scale = 1 }) {
  const label = (size) => `${size.toLocaleString("en")} ${axis}`;
  return {
    name: `grow-${name}`,
    title,
    unit,
    axis,
    scale,
    sizes,
    work: { task: "call" },
    rounds: 5,
    contestants: () =>
      sizes.map((size) => ({
        label: label(size),
        subject: "growth",
        method: name,
        options: { size },
      })),
    targets: () => [{ of: label(sizes.at(-1)), most: flat, ...(from && { against: label(from) }) }],
  };
}
