/**
 * Carries a plan out, and notes all that is seen of it.
 * @module
 */
import {
  type Executor,
  isExecError,
  type Process,
  quote,
  run,
  type RunResult,
  type Stream,
} from "../../mod.ts";
import { textBytes } from "./pattern.ts";
import type { Plan } from "./plan.ts";

/** What is the same for all plans of a run. */
export interface Scene {
  readonly executor: Executor;
  /** The command: child.c, compiled. */
  readonly command: string;
  readonly slots: string;
  /** The value by which what a command started is found again. */
  readonly mark: (index: number) => string;
  /** A signal that is never aborted: whoever listens must stop to. */
  readonly never: AbortSignal;
}

/** What one stream gave. */
export interface Read {
  readonly bytes: Uint8Array;
  readonly complete: boolean;
  /** Why it gave no more, when that was an error. */
  readonly reason?: string;
}

/** What was seen of one process. */
export interface Seen {
  /** How the call ended: the exit code, or the reason of an error. */
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly reason?: string | undefined;
  readonly timedOut?: boolean;
  readonly canceled?: boolean;
  readonly out?: Read | undefined;
  readonly err?: Read | undefined;
  /** What `run` said. */
  readonly result?: RunResult;
  /** Whether `close` said that nothing is left. */
  readonly closed?: boolean;
  /** The events that were told of it, in order. */
  readonly events?: readonly string[];
}

/** Runs the command of a plan to its end. */
export async function perform(plan: Plan, scene: Scene): Promise<Seen> {
  const { action } = plan;
  const controller = action.how === "abort" || action.how === "aborted" ? new AbortController() : undefined;
  if (action.how === "aborted") controller!.abort();
  const timer = action.how === "abort" ? setTimeout(() => controller!.abort(), action.ms) : undefined;
  const common = {
    env: { POLYSPAWN_CHAOS: scene.mark(plan.index) },
    signal: controller?.signal ?? scene.never,
    ...(action.how === "timeout" && { timeout: action.ms }),
  };
  try {
    return await { output, spawn, run: runText }[plan.api](plan, scene, common);
  } finally {
    clearTimeout(timer);
  }
}

type Common = { env: Record<string, string>; signal: AbortSignal; timeout?: number };

function argv({ out, err, index, steps, missing }: Plan, { command, slots }: Scene): string[] {
  return [
    missing ? `${command}-not-there` : command,
    slots,
    String(index),
    out.kind,
    String(out.offset),
    String(err.offset),
    ...steps,
  ];
}

function processOptions(plan: Plan) {
  const { killGrace, maxBuffer, merge } = plan;
  return {
    mergeStderr: merge,
    ...(killGrace !== undefined && { killGrace }),
    ...(maxBuffer !== undefined && { maxBuffer }),
  };
}

async function output(plan: Plan, scene: Scene, common: Common): Promise<Seen> {
  const { keepBackground } = plan;
  const options = { ...common, ...processOptions(plan), ...fed(plan), keepBackground };
  let reason: string | undefined;
  const result = await scene.executor.output(argv(plan, scene), options).catch((error: unknown) => {
    reason = reasonOf(error);
    return isExecError(error) ? error.output : undefined;
  });
  if (!result) return { reason };
  const { exitCode, signal, stdout, stderr, complete } = result;
  return { exitCode, signal, reason, out: { bytes: stdout, complete }, err: { bytes: stderr, complete } };
}

async function runText(plan: Plan, scene: Scene, common: Common): Promise<Seen> {
  const chunks: Uint8Array[] = [];
  const tee = new WritableStream<Uint8Array>({ write: (chunk) => void chunks.push(chunk) });
  const text = `exec ${quote(argv(plan, scene))}`;
  const { executor } = scene;
  const options = {
    cwd: "/",
    executor,
    tee,
    maxOutput: plan.portion,
    timeout: 60_000,
    ...common,
    ...fed(plan),
  };
  const result = await run(text, options);
  const out = { bytes: joined(chunks), complete: result.complete };
  if (result.ok) return { exitCode: 0, out, result };
  if (result.reason === "nonzero") return { exitCode: result.exitCode, signal: result.signal, out, result };
  return { reason: result.reason === "timeout" ? "timed_out" : "canceled", out, result };
}

async function spawn(plan: Plan, scene: Scene, common: Common): Promise<Seen> {
  let child: Process;
  try {
    const stdin = plan.input.how === "none" ? "null" : "pipe";
    child = await scene.executor.spawn(argv(plan, scene), { ...common, ...processOptions(plan), stdin });
  } catch (error) {
    return { reason: reasonOf(error) };
  }
  const during = plan.reader === "afterwards" || plan.reader === "never" ? undefined : read(child, plan);
  let reason: string | undefined;
  const waiting = child.wait().catch((error: unknown) => void (reason = reasonOf(error)));
  await Promise.all([waiting, write(child, plan), act(child, plan), during]);
  const afterwards = plan.reader === "afterwards" ? await read(child, plan) : undefined;
  const closed = await child.close();
  const [out, err] = await during ?? afterwards ?? [];
  const { code: exitCode, signal, timedOut = false, canceled = false } = child.exitStatus ?? {};
  return { exitCode, signal, timedOut, canceled, reason, out, err, closed };
}

async function act(child: Process, { action }: Plan): Promise<void> {
  if (action.how !== "close" && action.how !== "kill" && action.how !== "signal") return;
  await pause(action.ms);
  if (action.how === "signal") await child.signal(action.signal as "SIGTERM");
  else await child.close(action.how === "kill");
}

async function write(child: Process, { input }: Plan): Promise<void> {
  if (input.how === "none") return;
  try {
    for await (const piece of pieces(input)) await child.writeStdin(piece);
    await child.closeStdin();
  } catch (error) {
    // A command that takes no more, or was closed, is told by just these.
    if (!["stdin_closed", "process_closed"].includes(reasonOf(error))) throw error;
  }
}

function fed({ input }: Plan): { input?: Uint8Array | AsyncIterable<Uint8Array> } {
  if (input.how === "none") return {};
  return { input: input.how === "bytes" ? textBytes(input, input.size) : pieces(input) };
}

async function* pieces(input: Plan["input"]): AsyncGenerator<Uint8Array> {
  const size = Math.ceil(input.size / 3);
  for (let at = 0; at < input.size; at += size) yield textBytes(input, Math.min(size, input.size - at), at);
}

async function read(child: Process, plan: Plan): Promise<[Read, Read?]> {
  const streams = plan.merge ? [child.stdoutStream()] : [child.stdoutStream(), child.stderrStream()];
  const readers = streams.map((stream, number) => () => readOne(stream, plan, number));
  const got: Read[] = [];
  if (plan.reader === "sequential") { for (const reader of readers) got.push(await reader()); }
  else got.push(...await Promise.all(readers.map((reader) => reader())));
  return got as [Read, Read?];
}

async function readOne(stream: Stream, plan: Plan, number: number): Promise<Read> {
  const chunks: Uint8Array[] = [];
  let reason: string | undefined;
  // Who stops to read one of them reads the other to its end.
  const reader = plan.reader === "stops" && number === 1 ? "chunks" : plan.reader;
  try {
    await readers[reader](stream, chunks, plan.portion);
  } catch (error) {
    reason = reasonOf(error);
  }
  return { bytes: joined(chunks), complete: stream.complete, ...(reason !== undefined && { reason }) };
}

type ReadInto = (stream: Stream, chunks: Uint8Array[], portion: number) => Promise<void>;

const bySize =
  (size: (portion: number) => number, wait: number): ReadInto => async (stream, chunks, portion) => {
    const next = () => stream.read(size(portion));
    for (let chunk = await next(); chunk !== null; chunk = await next()) {
      chunks.push(chunk);
      if (wait > 0) await pause(wait);
    }
  };
const whole: ReadInto = async (stream, chunks) => void chunks.push(await stream.bytes());
const readers: Record<Plan["reader"], ReadInto> = {
  whole,
  sequential: whole,
  afterwards: bySize(() => Infinity, 0),
  never: whole,
  sizes: bySize((portion) => Math.max(portion, 50), 0),
  slow: bySize(() => 65536, 2),
  chunks: async (stream, chunks) => {
    for await (const chunk of stream) chunks.push(chunk);
  },
  readable: async (stream, chunks) => {
    const reader = stream.readable.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) chunks.push(next.value);
  },
  lines: async (stream, chunks) => {
    const encoder = new TextEncoder();
    for await (const line of stream.lines()) chunks.push(encoder.encode(`${line}\n`));
  },
  stops: async (stream, chunks, portion) => {
    let got = 0;
    for await (const chunk of stream) {
      chunks.push(chunk);
      got += chunk.length;
      if (got >= portion) break;
    }
    await stream.close();
  },
};

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

/** The reason of an error; anything but an ExecError is a fault, and told as such. */
function reasonOf(error: unknown): string {
  return isExecError(error) ? error.reason : `no ExecError: ${error}`;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
