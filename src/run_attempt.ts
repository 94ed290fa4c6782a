/**
 * One run from the shell's start to how it ended.
 * @module
 */
import type { Backend } from "./backend.ts";
import { type ExecError, isExecError, toExecError } from "./errors.ts";
import type { Executor } from "./executor.ts";
import { feed } from "./feed.ts";
import { ManagedProcess } from "./managed_process.ts";
import type { ProcessOptions } from "./options.ts";
import type { Process } from "./process.ts";
import type { ResolvedRunOptions } from "./run_options.ts";
import type { RunSink } from "./run_sink.ts";
import { type Shell, shellNotFound } from "./shell.ts";
import type { SignalName } from "./signals.ts";
import { PumpedStream, type Stream } from "./stream.ts";
import { Utf8Decoder } from "./utf8.ts";

/** How a run ended, without what it printed. */
export type Ended = { readonly complete: boolean } & Ending;
type Ending =
  | { readonly ok: true; readonly exitCode: 0 }
  | {
    readonly ok: false;
    readonly reason: "nonzero";
    readonly exitCode: number;
    readonly signal?: SignalName;
    readonly details?: Readonly<Record<string, unknown>>;
  }
  | { readonly ok: false; readonly reason: "timeout" | "canceled" };

/** Time, in ms, between SIGTERM and SIGKILL for a run that must end. */
const KILL_GRACE = 500;

/** Where a run takes place. */
export interface RunPlace {
  readonly executor: Executor;
  /** The backend of the executor; `undefined` for one that is not of this package. */
  readonly backend: () => Backend | Promise<Backend> | undefined;
  /** The shells to try, best first. */
  readonly findShells: () => Promise<readonly Shell[]>;
}

/** Starts the shell, takes its output, and leaves nothing of it behind unless asked to. */
export class RunAttempt {
  readonly #text: string;
  readonly #options: ResolvedRunOptions;
  readonly #sink: RunSink;
  #merged = true;
  #process: Process | undefined;
  #over = false;

  constructor(text: string, options: ResolvedRunOptions, sink: RunSink) {
    this.#text = text;
    this.#options = options;
    this.#sink = sink;
  }

  /** Whether stdout and stderr are one stream. */
  get ordered(): boolean {
    return this.#merged;
  }

  /** Runs the text in the first shell that is there; a timeout or an abort before that is an answer too. */
  async run(place: RunPlace): Promise<Ended> {
    const { shell } = this.#options;
    const shells = await place.findShells();
    const backend = await place.backend();
    this.#merged = mergesOutput(backend);
    const processOptions = toProcessOptions(this.#options, this.#merged);
    let missing: unknown;
    for (const [executable, args] of shells) {
      const text = backend?.shellText?.([executable, args], this.#text) ?? this.#text;
      let process: Process;
      try {
        process = await place.executor.exec([executable, ...args, text], processOptions);
      } catch (error) {
        // The time was over, or the run was, while a policy thought it over.
        if (!isInterruption(error)) throw error;
        const reason = error.reason === "canceled" ? "canceled" : "timeout";
        return { ok: false, reason, complete: false };
      }
      // The answer was given while a policy thought it over: nothing is started any more.
      if (this.#over) await process.close();
      this.#process = process;
      try {
        return await this.#perform(process);
      } catch (error) {
        if (!isMissing(error, process)) throw error;
        missing = error;
      }
    }
    throw shellNotFound(shells, shell !== undefined, missing);
  }

  /** Ends what a shell that was done in time left in the background; a shell that runs has a timeout of its own. */
  end(): void {
    if (this.#process?.state === "exited" && !this.#options.keepBackground) void this.#process.close();
  }

  /** Goes on without whatever hangs: a process that nobody can end, a backend or a policy that never answers. */
  abandon(): Ended {
    this.#over = true;
    const process = this.#process;
    const ending = endingOf(process, this.#options.signal);
    const wasDone = ending.ok || ending.reason === "nonzero";
    if (wasDone && this.#options.keepBackground && process?.state === "exited") process.unref();
    else void process?.close(true);
    return { ...ending, complete: false };
  }

  async #perform(process: Process): Promise<Ended> {
    const streams = [process.stdoutStream(), ...(this.#merged ? [] : [process.stderrStream()])];
    if (process instanceof ManagedProcess) process.pipes.attend();
    try {
      await process.start();
      const pour = this.#merged ? pourAll : pourCharacters;
      const reading = Promise.all(streams.map((stream) => pour(stream, this.#sink)));
      await Promise.all([reading, feed(process, this.#options.input, reading)]);
      await this.#sink.end();
      await process.wait();
      if (!this.#options.keepBackground) await process.close();
    } catch (error) {
      await process.close(true);
      if (!isInterruption(error)) throw toExecError(error, "The run");
    }
    return {
      ...endingOf(process, this.#options.signal),
      complete: streams.every((stream) => stream.complete),
    };
  }
}

/** An executor that is not of this package is taken to merge: its own backend says so if it can't. */
function mergesOutput(backend: Backend | undefined): boolean {
  return backend?.capabilities.mergedOutput ?? true;
}

function toProcessOptions(options: ResolvedRunOptions, mergeStderr: boolean): ProcessOptions {
  const { cwd, env, signal, timeout, drainIdle, drainMax, input } = options;
  return {
    cwd,
    env,
    signal,
    timeout,
    drainIdle,
    drainMax,
    mergeStderr,
    killGrace: KILL_GRACE,
    stdin: input === undefined ? "null" : "pipe",
  };
}

function isInterruption(error: unknown): error is ExecError {
  return isExecError(error) && (error.reason === "timed_out" || error.reason === "canceled");
}

function isMissing(error: unknown, process: Process): boolean {
  return isExecError(error) && error.reason === "command_not_found" && process.pid === undefined;
}

async function pourAll(stream: Stream, sink: RunSink): Promise<void> {
  if (stream instanceof PumpedStream) sink.recycleTo((chunk) => stream.recycle(chunk));
  for (let chunk = await stream.read(); chunk !== null; chunk = await stream.read()) {
    const taken = sink.take(chunk);
    if (taken) await taken;
  }
}

/** Passes on whole characters only, because bytes of another stream may come between two chunks. */
async function pourCharacters(stream: Stream, sink: RunSink): Promise<void> {
  let held = new Uint8Array(0);
  for (let chunk = await stream.read(); chunk !== null; chunk = await stream.read()) {
    const bytes = new Uint8Array(held.length + chunk.length);
    bytes.set(held);
    bytes.set(chunk, held.length);
    const end = bytes.length - unfinishedLength(bytes);
    held = bytes.slice(end);
    if (end > 0) await sink.take(bytes.subarray(0, end));
  }
  if (held.length > 0) await sink.take(held);
}

/** How many bytes at the end begin a character that is not whole: just these a decoder holds back. */
function unfinishedLength(bytes: Uint8Array): number {
  const lengths = [3, 2, 1].filter((length) => length <= bytes.length);
  return lengths.find((length) => new Utf8Decoder().push(bytes.subarray(bytes.length - length)) === "") ?? 0;
}

function endingOf(process: Process | undefined, signal: AbortSignal | undefined): Ending {
  const exitStatus = process?.exitStatus;
  if (!exitStatus || exitStatus.timedOut || exitStatus.canceled) {
    const canceled = exitStatus ? exitStatus.canceled : isAbort(signal);
    return { ok: false, reason: canceled ? "canceled" : "timeout" };
  }
  const { code, signal: killer, details } = exitStatus;
  if (code === 0) return { ok: true, exitCode: 0 };
  const more = { ...(killer && { signal: killer }), ...(details && { details }) };
  return { ok: false, reason: "nonzero", exitCode: code, ...more };
}

/** Whether an abort, and not the time of the signal, ended what never came to an exit. */
function isAbort(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true &&
    (signal.reason as { name?: unknown } | undefined)?.name !== "TimeoutError";
}
