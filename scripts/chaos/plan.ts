/**
 * What happens to one process, decided by a seed and its index alone: so a failure can be had again.
 * @module
 */
import type { Text } from "./pattern.ts";
import { Random } from "./random.ts";

/** How the host reads; all but the last three read everything while the command runs. */
export type Reader =
  | "whole"
  | "sizes"
  | "chunks"
  | "lines"
  | "readable"
  | "slow"
  | "sequential"
  | "afterwards"
  | "stops"
  | "never";

/** What the host does to the command while it runs. */
export type Action =
  | { readonly how: "nothing" | "aborted" }
  | { readonly how: "timeout" | "abort" | "close" | "kill"; readonly ms: number }
  | { readonly how: "signal"; readonly ms: number; readonly signal: string };

/** A text that the command writes. */
export interface Written extends Text {
  readonly size: number;
  readonly chunk: number;
}

export interface Plan {
  readonly index: number;
  readonly api: "output" | "spawn" | "run";
  readonly merge: boolean;
  readonly out: Written;
  readonly err: Written;
  readonly input: Text & {
    readonly how: "none" | "bytes" | "iterable" | "writes";
    readonly size: number;
    /** How much of it the command reads. */
    readonly taken: "all" | "some" | "nothing" | "closed";
  };
  /** A process that the command leaves behind: in its group or its own session, with its pipes or without. */
  readonly descendant: "none" | "group" | "group_quiet" | "group_deaf" | "session" | "session_quiet";
  /** What a descendant writes after the command's own end. */
  readonly late: number;
  readonly end:
    | { readonly how: "exit"; readonly code: number }
    | { readonly how: "signal"; readonly number: number }
    | { readonly how: "never" };
  readonly onTerm: "dies" | "ignores" | "exits";
  readonly action: Action;
  readonly reader: Reader;
  readonly killGrace: number | undefined;
  readonly maxBuffer: number | undefined;
  readonly keepBackground: boolean;
  /** Bytes that `run` keeps, and that a reader takes before it stops or at a time. */
  readonly portion: number;
  /** The arguments of the command that make it so. */
  readonly steps: readonly string[];
  /** The command is not there: nothing of all that happens. */
  readonly missing: boolean;
}

/** The exit code of a command that catches SIGTERM. */
export const TERM_CODE = 42;

const SIGNALS = [1, 2, 3, 4, 6, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 31];

/** Makes the plan of one process. */
export function makePlan(seed: number, index: number): Plan {
  const random = new Random(seed, index);
  const api = random.weighted({ spawn: 5, output: 4, run: 2 });
  const merge = api === "run" || random.chance(0.2);
  const kind = random.pick(["binary", "text"] as const);
  const reader = api === "spawn" ? pickReader(random) : "whole";
  const text = { kind: reader === "lines" || api === "run" ? "text" as const : kind };
  const end = pickEnd(random);
  const action = pickAction(random, api, end.how === "never", reader);
  let [out, err] = [written(random, text.kind), written(random, text.kind)];
  if (merge) err = { ...err, size: 0 };
  const overflows = api === "output" && action.how === "nothing" && end.how === "exit" && random.chance(0.04);
  if (overflows) out = { ...out, size: random.whole(300_000, 900_000), chunk: 65536 };
  if (reader === "afterwards") out = { ...out, size: Math.min(out.size, 1 << 20) };
  const descendant = random.weighted({
    none: 70,
    group: 8,
    group_quiet: 5,
    group_deaf: api === "run" ? 1 : 4,
    session: 6,
    session_quiet: 4,
  });
  const late =
    end.how === "exit" && action.how === "nothing" && !merge && !overflows && descendant === "none" &&
      reader !== "stops" && reader !== "afterwards" && random.chance(0.06)
      ? random.whole(1, 200_000)
      : 0;
  const input = pickInput(random, api, kind);
  const onTerm = random.weighted({ dies: 80, ignores: api === "run" ? 2 : 10, exits: 10 });
  const readsAll = reader !== "stops" && reader !== "never";
  const plan = {
    index,
    api,
    merge,
    out,
    err,
    input,
    descendant,
    late,
    // What a real-time signal did is seen only at the end of a pipe that ends with the process.
    end: end.how === "signal" && readsAll && !holdsPipes(descendant) && action.how === "nothing" &&
        random.chance(0.2)
      ? { how: "signal" as const, number: random.whole(34, 64) }
      : end,
    onTerm,
    action: action.how === "signal" && end.how === "never" && onTerm === "ignores"
      ? { ...action, signal: "SIGKILL" }
      : action,
    reader,
    killGrace: onTerm === "ignores" || descendant === "group_deaf" ? random.whole(0, 60) : undefined,
    maxBuffer: overflows ? random.whole(1000, 50_000) : undefined,
    keepBackground: api === "output" && random.chance(0.1),
    portion: random.pick([1, 100, 4096, 50_000]),
  };
  return {
    ...plan,
    steps: steps(plan, random),
    missing: api !== "run" && action.how === "nothing" && random.chance(0.05),
  };
}

/** Whether a descendant keeps the command's pipes. */
export function holdsPipes(descendant: Plan["descendant"]): boolean {
  return descendant !== "none" && !descendant.endsWith("_quiet");
}

function pickReader(random: Random): Reader {
  return random.weighted({
    whole: 5,
    sizes: 3,
    chunks: 3,
    lines: 3,
    readable: 2,
    slow: 1,
    sequential: 2,
    afterwards: 1,
    stops: 3,
    never: 2,
  });
}

function pickEnd(random: Random): Plan["end"] {
  const how = random.weighted({ exit: 70, signal: 12, never: 18 });
  if (how === "exit") return { how, code: random.chance(0.4) ? 0 : random.whole(1, 255) };
  return how === "signal" ? { how, number: random.pick(SIGNALS) } : { how };
}

function pickAction(random: Random, api: Plan["api"], must: boolean, reader: Reader): Action {
  // After a close nobody may ask for a stream any more.
  const closes = api === "spawn" && reader !== "afterwards" ? 1 : 0;
  const how = random.weighted({
    nothing: must ? 0 : 12,
    aborted: must ? 0 : 0.3,
    timeout: 2,
    abort: 2,
    close: 2 * closes,
    kill: closes,
    signal: api === "spawn" ? 2 : 0,
  });
  if (how === "nothing" || how === "aborted") return { how };
  // A timer of 0 ms is no timeout.
  const ms = random.whole(1, random.pick([3, 20, 60]));
  if (how !== "signal") return { how, ms };
  return {
    how,
    ms,
    signal: random.pick(["SIGTERM", "SIGKILL", ...(must ? [] : ["SIGINT", "SIGHUP", "SIGUSR1"])]),
  };
}

function written(random: Random, kind: Text["kind"]): Written {
  const size = {
    none: () => 0,
    little: () => random.whole(1, 200),
    page: () => random.whole(4095, 4097),
    pipe: () => random.whole(65535, 65537),
    much: () => random.whole(1000, 300_000),
    more: () => random.whole(300_000, 2_000_000),
  }[random.weighted({ none: 15, little: 35, page: 10, pipe: 10, much: 25, more: 4 })]();
  const chunk = Math.max(random.pick([1, 7, 100, 1000, 4096, 65521]), Math.ceil(size / 1000));
  return { kind, offset: random.whole(0, 65520), size, chunk: Math.min(chunk, 65521) };
}

function pickInput(random: Random, api: Plan["api"], kind: Text["kind"]): Plan["input"] {
  const fed = random.chance(0.35);
  const how = !fed ? "none" : api === "spawn" ? "writes" : random.pick(["bytes", "iterable"] as const);
  const size = fed ? random.pick([1, random.whole(1, 1000), 65536, random.whole(1, 400_000)]) : 0;
  const taken = fed ? random.weighted({ all: 6, some: 1, nothing: 1, closed: 1 }) : "nothing";
  return { kind, offset: random.whole(0, 65520), how, size, taken };
}

function steps(plan: Omit<Plan, "steps" | "missing">, random: Random): string[] {
  const { out, err, input, descendant, end } = plan;
  const traps = { dies: [], ignores: ["i15"], exits: [`h15,${TERM_CODE}`] }[plan.onTerm];
  const flags = {
    none: undefined,
    group: "",
    group_quiet: "c",
    group_deaf: "t",
    session: "s",
    session_quiet: "sc",
  }[descendant];
  const left = flags === undefined ? [] : [`g${flags}`];
  const reads =
    { all: ["r"], some: [`r${Math.ceil(input.size / 2)}`], nothing: [], closed: ["c0"] }[input.taken];
  const [leftEarly, readsEarly] = [random.chance(0.5), random.chance(0.5)];
  const writes: string[] = [];
  const rounds = random.whole(1, 3);
  for (let round = 0; round < rounds; round++) {
    const part = ({ size }: Written) =>
      Math.floor(size * (round + 1) / rounds) - Math.floor(size * round / rounds);
    if (plan.merge) writes.push(`m${part(out)},${out.chunk}`);
    else writes.push(`w1,${part(out)},${out.chunk}`, `w2,${part(err)},${err.chunk}`);
    if (random.chance(0.2)) writes.push(`s${random.whole(0, 5)}`);
  }
  // Who waits for a descendant is not who is signalled.
  const delegates = plan.action.how !== "signal" && plan.late === 0 && random.chance(0.06);
  return [
    ...traps,
    ...(leftEarly ? left : []),
    ...(delegates ? ["d"] : []),
    ...(readsEarly ? reads : []),
    ...writes,
    ...(readsEarly ? [] : reads),
    ...(leftEarly ? [] : left),
    ...(plan.late > 0 ? [`l${plan.late},${Math.max(1000, Math.ceil(plan.late / 50))}`] : []),
    end.how === "exit" ? `e${end.code}` : end.how === "signal" ? `k${end.number}` : "p",
  ];
}
