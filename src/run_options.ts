/**
 * What a caller may say of a run, checked.
 * @module
 */
import {
  checkAbortSignal,
  checkBoolean,
  checkBytes,
  checkFunction,
  checkMs,
  checkOptions,
  checkTimeout,
  invalidOption,
  show,
} from "./check.ts";
import { ExecError } from "./errors.ts";
import type { Executor } from "./executor.ts";
import { checkInput, type Input } from "./input.ts";
import { checkCwd, checkEnv, type Env } from "./location.ts";
import { checkExecutor, checkShell, type Shell } from "./shell.ts";

/** What may be said of a run; only `cwd` must be. */
export interface RunOptions {
  /** The working directory; a relative one starts at the host's. */
  cwd: string | URL;
  /** Environment variables on top of the executor's; `undefined` removes one. */
  env?: Env;
  /** Time in ms after which it is ended, to answer within a second (default: 30 000; `Infinity`: no limit). */
  timeout?: number;
  /** The most bytes of output to give back, the last ones (default: 50 000; `Infinity`: all that a string can hold). */
  maxOutput?: number;
  /** Shell text that comes before every command, on lines of its own. */
  commandPrefix?: string;
  /** The shell (default: as `resolveShell` finds it). */
  shell?: Shell;
  /** Whose defaults, rules and backend are used (default: one of the runtime's own). */
  executor?: Executor;
  /** Ends the run when aborted; aborted already, nothing is spawned. */
  signal?: AbortSignal;
  /** What standard input is fed with (default: it is empty). */
  input?: Input;
  /** Gets the output as it comes, as text that is never cut inside a character; what it throws ends the run. */
  onOutput?: (text: string) => void;
  /** Gets every byte of the output, with backpressure; it is not closed, and its failure does not end the run. */
  tee?: WritableStream<Uint8Array>;
  /** Leaves alone what the command started in the background and its exit left running (default: false). */
  keepBackground?: boolean;
  /** Quiet time in ms after which the output ends once the shell has exited (default: 100). */
  drainIdle?: number;
  /** Time in ms after the shell's exit at which the output ends at the latest (default: 1000). */
  drainMax?: number;
}

const RUN_OPTIONS: readonly (keyof RunOptions)[] = [
  "cwd",
  "env",
  "timeout",
  "maxOutput",
  "commandPrefix",
  "shell",
  "executor",
  "signal",
  "input",
  "onOutput",
  "tee",
  "keepBackground",
  "drainIdle",
  "drainMax",
];

const DEFAULT_TIMEOUT = 30_000;
const DEFAULT_MAX_OUTPUT = 50_000;

/** {@linkcode RunOptions}, checked and complete. */
export interface ResolvedRunOptions extends RunOptions {
  cwd: string;
  timeout: number;
  maxOutput: number;
  keepBackground: boolean;
}

/**
 * Checks the options of a run and fills in what they leave out.
 * @throws {ExecError} `invalid_option`, naming the option and the value
 */
export function resolveRunOptions(given: RunOptions): ResolvedRunOptions {
  const options = checkOptions<RunOptions>(given, RUN_OPTIONS);
  const cwd = checkCwd("cwd", options.cwd);
  if (cwd === undefined) throw invalidOption("cwd", `is required: give the directory the command runs in.`);
  checkInput(options.input);
  return {
    ...options,
    cwd,
    env: options.env && checkEnv("env", options.env),
    shell: checkShell(options.shell),
    timeout: checkTimeout("timeout", options.timeout, DEFAULT_TIMEOUT),
    maxOutput: checkBytes("maxOutput", options.maxOutput, DEFAULT_MAX_OUTPUT),
    commandPrefix: checkPrefix(options.commandPrefix),
    executor: checkExecutor(options.executor),
    signal: checkAbortSignal("signal", options.signal),
    onOutput: checkFunction("onOutput", options.onOutput),
    tee: checkTee(options.tee),
    keepBackground: checkBoolean("keepBackground", options.keepBackground, false),
    drainIdle: options.drainIdle === undefined ? undefined : checkMs("drainIdle", options.drainIdle, 0, true),
    drainMax: options.drainMax === undefined ? undefined : checkMs("drainMax", options.drainMax, 0, true),
  };
}

/**
 * Options for one run: each that is given takes the place of the runner's.
 * @throws {ExecError} `invalid_option`, naming the option and the value
 */
export function overrideRunOptions(
  defaults: ResolvedRunOptions,
  given: Partial<RunOptions> | undefined,
): ResolvedRunOptions {
  const overrides = Object.entries(checkOptions(given, RUN_OPTIONS)).filter(([, value]) =>
    value !== undefined
  );
  if (overrides.length === 0) return defaults;
  const { shell } = defaults;
  const resolved = resolveRunOptions({ ...defaults, ...Object.fromEntries(overrides) });
  // The same object still means that the shell need not be looked for again.
  return given?.shell === undefined ? { ...resolved, shell } : resolved;
}

/** The text a shell is given. */
export function commandText(command: string, prefix: string | undefined): string {
  if (typeof command !== "string" || command.trim() === "") {
    const message = `A run takes a command line for a shell, got ${
      show(command)
    }: give a string that is not empty.`;
    throw new ExecError("invalid_command", message);
  }
  const whole = prefix === undefined || prefix === "" ? command : `${prefix}\n${command}`;
  // A shell would take it for an option.
  const text = /^[-+]/.test(whole) ? ` ${whole}` : whole;
  if (!text.includes("\0")) return text;
  throw new ExecError(
    "invalid_command",
    `A command line must not contain a NUL byte: remove it from ${show(text)}.`,
  );
}

function checkPrefix(prefix: string | undefined): string | undefined {
  if (prefix === undefined || typeof prefix === "string") return prefix;
  throw invalidOption("commandPrefix", `must be a string of shell text, got ${show(prefix)}.`);
}

function checkTee(tee: WritableStream<Uint8Array> | undefined): WritableStream<Uint8Array> | undefined {
  if (tee === undefined || typeof tee?.getWriter === "function") return tee;
  throw invalidOption("tee", `must be a WritableStream, got ${show(tee)}.`);
}
