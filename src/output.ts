/**
 * Start, feed, collect, wait: the convenience over a process.
 * @module
 */
import { show } from "./check.ts";
import type { Clock } from "./clock.ts";
import { ExecError, toExecError } from "./errors.ts";
import { feed } from "./feed.ts";
import type { ManagedProcess } from "./managed_process.ts";
import type { OutputCall } from "./output_options.ts";
import type { SignalName } from "./signals.ts";
import { decodeUtf8 } from "./utf8.ts";

/** What a command printed and how it ended. */
export interface Output {
  /** Whether the exit code is 0. */
  readonly ok: boolean;
  /** The exit code; 128 + n when signal n killed it; -1 on an error's output when the process was not seen to end. */
  readonly exitCode: number;
  /** The signal that killed it, if one did. */
  readonly signal: SignalName | undefined;
  /** Facts about why it ended, where its backend knows any: of `./docker` `limitReached` and `limit`. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** What it wrote to stdout; with `mergeStderr` also what it wrote to stderr. */
  readonly stdout: Uint8Array;
  /** What it wrote to stderr. */
  readonly stderr: Uint8Array;
  /** Whether both streams reached their real end; false when a descendant held a pipe and the idle rule ended them. */
  readonly complete: boolean;
  /** Time from start to the end of the call, in ms. */
  readonly durationMs: number;
  /**
   * {@linkcode stdout} as text; bytes that are not UTF-8 become U+FFFD.
   * @throws {ExecError} `buffer_exceeded` when it is longer than a string can be (about 512 MiB)
   */
  stdoutText(): string;
  /**
   * {@linkcode stderr} as text; bytes that are not UTF-8 become U+FFFD.
   * @throws {ExecError} `buffer_exceeded` when it is longer than a string can be (about 512 MiB)
   */
  stderrText(): string;
}

/** The most time, in ms, that what a finished command left behind gets between SIGTERM and SIGKILL. */
const LEFTOVER_GRACE = 500;

/** Runs a created process to its end and says how it went; leaves nothing of it behind unless asked to. */
export async function collectOutput(
  process: ManagedProcess,
  call: OutputCall,
  clock: Clock,
): Promise<Output> {
  const startedAt = clock.now();
  process.pipes.claim();
  let started = false;
  try {
    await process.start();
    started = true;
    const waiting = process.wait();
    if (call.input === undefined) await waiting;
    else await Promise.all([waiting, feed(process, call.input, process.exited())]);
    // For a fast command each promise counts.
    if (!process.pipes.over) await process.pipes.drained();
    if (process.pipes.error) throw process.pipes.error;
    if (!call.keepBackground) await process.closeWithin(LEFTOVER_GRACE);
  } catch (error) {
    if (started) await endFailed(process);
    const failure = toExecError(error, `${started ? "Running" : "Starting"} ${show(process.command)}`);
    throw withOutput(failure, toOutput(process, clock.now() - startedAt));
  }
  const output = toOutput(process, clock.now() - startedAt);
  if (call.check && !output.ok) throw exitError(process.command, output);
  return output;
}

/** Ends a process of which something went wrong, and reads what it had printed. */
async function endFailed(process: ManagedProcess): Promise<void> {
  await process.close(true);
  await process.pipes.drained();
}

function exitError(command: string, output: Output): ExecError {
  const { exitCode, signal, details } = output;
  const limit = details?.["limitReached"] === undefined ? "" : ` at its limit of ${details["limitReached"]}`;
  const how = (signal ? `was killed by ${signal}` : `exited with code ${exitCode}`) + limit;
  const message = `Command ${show(command)} ${how}; what it printed is in the error's "output".`;
  return new ExecError("exit_nonzero", message, { details: { ...details, exitCode, signal }, output });
}

function toOutput(process: ManagedProcess, durationMs: number): Output {
  const { pipes, exitStatus: status } = process;
  const stdout = pipes.snapshot("stdout");
  const stderr = pipes.snapshot("stderr");
  const output: Output = {
    ok: status?.code === 0 && !status.timedOut && !status.canceled,
    exitCode: status?.code ?? -1,
    signal: status?.signal,
    stdout,
    stderr,
    complete: pipes.complete,
    durationMs,
    stdoutText: () => decodeUtf8(stdout),
    stderrText: () => decodeUtf8(stderr),
  };
  return status?.details ? { ...output, details: status.details } : output;
}

/** The same error, with what had been collected. */
function withOutput(error: ExecError, output: Output): ExecError {
  const { reason, message, kind, retryable, details, cause } = error;
  return new ExecError(reason, message, { kind, retryable, details, cause, output });
}
