/**
 * Makes processes under one set of defaults and rules, and ends them when it is released.
 * @module
 */
import type { Backend } from "./backend.ts";
import type { Clock } from "./clock.ts";
import type { ExecEvent } from "./events.ts";
import type { Env } from "./location.ts";
import type { ProcessOptions } from "./options.ts";
import type { Output } from "./output.ts";
import type { OutputOptions } from "./output_options.ts";
import type { Policy } from "./policy.ts";
import type { Process } from "./process.ts";

/** How an executor is made; everything may be left out. */
export interface ExecutorOptions {
  /** What starts processes (default: the runtime's own, loaded on first use). */
  backend?: Backend;
  /** The working directory of every process (default: the host's). */
  cwd?: string | URL;
  /** Environment variables of every process; `undefined` removes an inherited one. */
  env?: Env;
  /** Whether processes inherit the host's environment (default: true). */
  inheritEnv?: boolean;
  /** Asked before every command; only `true` allows it. A call waits for it no longer than its `timeout` and `signal` say. */
  policy?: Policy;
  /** Time in ms the policy has to answer; no answer by then denies (default: `Infinity`, none). */
  policyTimeout?: number;
  /** The only commands it may run, each whole: a string is split as a command is. `[]` allows nothing (default: any). */
  commandWhitelist?: readonly (string | readonly string[])[];
  /** Time between SIGTERM and SIGKILL, in ms (default: 5000). */
  killGrace?: number;
  /**
   * Whether live children are killed when a signal ends the host (default: true). A handler of the host's own goes
   * first on Node and Bun; Deno can't tell whether there is one, and calls it twice.
   */
  handleSignals?: boolean;
  /** Told what happens to processes; what it throws is ignored. */
  onEvent?: (event: ExecEvent) => void;
  /** Where time comes from (default: the runtime's timers). */
  clock?: Clock;
}

/**
 * Runs commands under one set of defaults and rules.
 *
 * A string command is split into words as POSIX shells quote, without a shell; an array is taken as it is.
 *
 * @example Run a command and read what it printed
 * ```ts
 * import { createExecutor } from "@polyspawn/polyspawn";
 *
 * const executor = createExecutor();
 * const { stdoutText } = await executor.output("echo 'Hello, World!'");
 * console.log(stdoutText());
 * ```
 */
export interface Executor extends AsyncDisposable {
  /** Its id, when it comes from a registry. */
  readonly id?: string;
  /**
   * Makes a process, not yet started, once whitelist and policy allow it.
   * @param command a string, split as POSIX shells quote, or an array of words
   * @param options what differs from the executor's defaults
   * @throws {ExecError} A rejection: `invalid_command`, `invalid_option`, `command_not_allowed`, `permission_denied`,
   * `executor_released`; `timed_out` or `canceled` when the policy had not answered by then; of the first command
   * `resource_exhausted` when there are no descriptors to load what it needs
   */
  exec(command: string | readonly string[], options?: ProcessOptions): Promise<Process>;
  /**
   * Makes a process and starts it.
   * @param command as of `exec`
   * @param options as of `exec`
   * @throws {ExecError} A rejection as of `exec`, or why it could not start
   */
  spawn(command: string | readonly string[], options?: ProcessOptions): Promise<Process>;
  /**
   * Runs a command to its end and gives what it printed; ends what it left running in its group.
   * @param command as of `exec`
   * @param options as of `exec`, and `input`, `check`, `keepBackground`; standard input is empty without `input`
   * @returns the output, whatever the exit code
   * @throws {ExecError} A rejection as of `spawn`, and `timed_out`, `canceled`, `buffer_exceeded`, and with `check`
   * `exit_nonzero`; its `output` holds what was collected
   */
  output(command: string | readonly string[], options?: OutputOptions): Promise<Output>;
  /**
   * Ends all that still runs and refuses new commands; may be called again.
   * @param options `keepRunning` leaves running what runs (default: false)
   * @throws {ExecError} A rejection with `invalid_option` when an option is wrong
   */
  release(options?: { keepRunning?: boolean }): Promise<void>;
}
