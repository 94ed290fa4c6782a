/**
 * What a caller may say of one process, checked and merged with the executor's defaults.
 * @module
 */
import type { Stdio } from "./backend.ts";
import {
  checkAbortSignal,
  checkBoolean,
  checkBytes,
  checkMs,
  checkOneOf,
  checkOptions,
  checkTimeout,
  invalidOption,
} from "./check.ts";
import { checkCwd, checkEnv, type Env } from "./location.ts";

/** What may be said of one process. */
export interface ProcessOptions {
  /** The working directory, instead of the executor's; a relative one starts at the host's. */
  cwd?: string | URL;
  /** Environment variables on top of the executor's; `undefined` removes one. */
  env?: Env;
  /** Whether the host's environment is inherited (default: as the executor has it). */
  inheritEnv?: boolean;
  /** Ends the process and its group when aborted; aborted already, nothing is spawned. */
  signal?: AbortSignal;
  /** Time the process may run, in ms, counted from `start`; then `wait` rejects (default: none, as `Infinity`). */
  timeout?: number;
  /** Time between SIGTERM and SIGKILL, in ms (default: the executor's, 5000). */
  killGrace?: number;
  /** Bytes held per stream before the process is ended with `buffer_exceeded` (default: 64 MiB). */
  maxBuffer?: number;
  /** Quiet time in ms after which a stream ends once the process has exited (default: 100). */
  drainIdle?: number;
  /** Time in ms after the exit at which a stream ends at the latest (default: 1000). */
  drainMax?: number;
  /** Puts stderr on stdout's descriptor: one stream, in the order written (default: false). */
  mergeStderr?: boolean;
  /** What standard input is connected to (default: `"pipe"`). */
  stdin?: Stdio;
  /** What standard output is connected to (default: `"pipe"`). */
  stdout?: Stdio;
  /** What standard error is connected to (default: `"pipe"`). */
  stderr?: Stdio;
}

/** The names of {@linkcode ProcessOptions}. */
export const PROCESS_OPTIONS: readonly (keyof ProcessOptions)[] = [
  "cwd",
  "env",
  "inheritEnv",
  "signal",
  "timeout",
  "killGrace",
  "maxBuffer",
  "drainIdle",
  "drainMax",
  "mergeStderr",
  "stdin",
  "stdout",
  "stderr",
];

/** What an executor says where a call does not. */
export interface ProcessDefaults {
  readonly cwd: string | undefined;
  readonly env: Env;
  readonly inheritEnv: boolean;
  readonly killGrace: number;
}

/** {@linkcode ProcessOptions}, checked and complete. */
export interface ResolvedOptions {
  readonly cwd: string | undefined;
  readonly env: Env;
  readonly inheritEnv: boolean;
  readonly signal: AbortSignal | undefined;
  readonly timeout: number;
  readonly killGrace: number;
  readonly maxBuffer: number;
  readonly drainIdle: number;
  readonly drainMax: number;
  readonly mergeStderr: boolean;
  readonly stdin: Stdio;
  readonly stdout: Stdio;
  readonly stderr: Stdio;
}

/** Time between SIGTERM and SIGKILL, in ms, where nobody says. */
export const DEFAULT_KILL_GRACE = 5_000;
const DEFAULT_MAX_BUFFER = 64 * 2 ** 20;
const DEFAULT_DRAIN_IDLE = 100;
const DEFAULT_DRAIN_MAX = 1_000;
const STDIO: readonly Stdio[] = ["pipe", "null", "inherit"];

/**
 * Checks what a call says and fills in what it leaves out.
 * @throws {ExecError} `invalid_option`, naming the option and the value
 */
export function resolveOptions(
  given: ProcessOptions | undefined,
  defaults: ProcessDefaults,
): ResolvedOptions {
  const options = checkOptions(given, PROCESS_OPTIONS);
  const mergeStderr = checkBoolean("mergeStderr", options.mergeStderr, false);
  const stdout = checkOneOf("stdout", options.stdout, STDIO, "pipe");
  const stderr = checkOneOf("stderr", options.stderr, STDIO, "pipe");
  if (mergeStderr && (stdout !== "pipe" || stderr !== "pipe")) {
    throw invalidOption(
      "mergeStderr",
      `needs stdout and stderr to be "pipe", got "${stdout}" and "${stderr}".`,
    );
  }
  return {
    cwd: checkCwd("cwd", options.cwd) ?? defaults.cwd,
    env: options.env === undefined
      ? defaults.env
      : Object.freeze({ ...defaults.env, ...checkEnv("env", options.env) }),
    inheritEnv: checkBoolean("inheritEnv", options.inheritEnv, defaults.inheritEnv),
    signal: checkAbortSignal("signal", options.signal),
    timeout: checkTimeout("timeout", options.timeout),
    killGrace: checkMs("killGrace", options.killGrace, defaults.killGrace),
    maxBuffer: checkBytes("maxBuffer", options.maxBuffer, DEFAULT_MAX_BUFFER),
    drainIdle: checkMs("drainIdle", options.drainIdle, DEFAULT_DRAIN_IDLE, true),
    drainMax: checkMs("drainMax", options.drainMax, DEFAULT_DRAIN_MAX, true),
    mergeStderr,
    stdin: checkOneOf("stdin", options.stdin, STDIO, "pipe"),
    stdout,
    stderr,
  };
}
