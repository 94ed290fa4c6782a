/**
 * What a user holds of a command: a process to start, feed, read, signal and end.
 * @module
 */
import type { SignalName } from "./signals.ts";
import type { Stream } from "./stream.ts";

/** Where a process is in its life. */
export type ProcessState = "created" | "running" | "exited" | "closed";

/** How a process ended. */
export interface ExitStatus {
  /** The exit code; 128 + n when signal n killed it. */
  readonly code: number;
  /** The signal that killed it, if one with a name did: of a real-time signal n only the code tells, 128 + n. */
  readonly signal: SignalName | undefined;
  /** Whether its timeout passed before it ended. */
  readonly timedOut: boolean;
  /** Whether its AbortSignal was aborted before it ended. */
  readonly canceled: boolean;
  /** Facts about why it ended, where its backend knows any: of `./docker` `limitReached` and `limit`. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/**
 * One command, from `exec` on: created, running, exited or closed.
 *
 * `await using` leaves nothing running: leaving the block closes the process and its group.
 *
 * @example Feed a process and read its answer
 * ```ts
 * import { createExecutor } from "@polyspawn/polyspawn";
 *
 * await using sort = await createExecutor().spawn("sort");
 * await sort.writeStdin("pear\napple\n");
 * await sort.writeStdin(""); // end of input
 * console.log(await sort.stdoutStream().text(), await sort.wait());
 * ```
 */
export interface Process extends AsyncDisposable {
  /** The command as it was given; an array as `quote` writes it. */
  readonly command: string;
  /** The executable and its arguments, frozen. */
  readonly argv: readonly string[];
  /** The process id, once it runs and where there is one. */
  readonly pid: number | undefined;
  /** Created, running, exited or closed. */
  readonly state: ProcessState;
  /** How it ended; `undefined` until then. */
  readonly exitStatus: ExitStatus | undefined;
  /**
   * Starts it; resolves once it really runs.
   * @throws {ExecError} A rejection that says why it can't run (`command_not_found`, `cwd_not_found`, `os_permission`,
   * `resource_exhausted`, `argument_too_long`, …), or `already_started`, `process_closed`, `executor_released`,
   * `timed_out`, `canceled`
   */
  start(): Promise<void>;
  /**
   * Waits for the exit of the process itself, whoever still holds its pipes; may be called any number of times.
   * @returns the exit code; 128 + n when signal n killed it
   * @throws {ExecError} A rejection: `not_started`, `timed_out`, `canceled`, `buffer_exceeded`, or why it could not start
   */
  wait(): Promise<number>;
  /**
   * Its standard output; the same object each time, before or after start.
   * @throws {ExecError} `invalid_option` when stdout is not piped, `process_closed`
   */
  stdoutStream(): Stream;
  /**
   * Its standard error; the same object each time, before or after start.
   * @throws {ExecError} `invalid_option` when stderr is not piped or is merged into stdout, `process_closed`
   */
  stderrStream(): Stream;
  /**
   * Writes to standard input; resolves when the data was accepted. An empty string or array is the end of input.
   * @param data text (sent as UTF-8) or bytes
   * @throws {ExecError} A rejection: `stdin_closed` after the end of input or when the child takes no more,
   * `not_started`, `process_closed`, `invalid_option` when stdin is not piped
   */
  writeStdin(data: string | Uint8Array): Promise<void>;
  /**
   * Ends standard input; ending it twice, or after the exit, is no error.
   * @throws {ExecError} A rejection as of `writeStdin`
   */
  closeStdin(): Promise<void>;
  /**
   * Standard input as a Web Stream; closing or aborting it is the end of input.
   * @throws {ExecError} `invalid_option` when stdin is not piped, `process_closed`
   */
  readonly stdin: WritableStream<Uint8Array>;
  /**
   * Sends a signal to the process itself; nothing happens once it has exited.
   * @param sig a number (as Linux numbers them) or a name
   * @throws {ExecError} A rejection: `invalid_option` for an unknown signal, `not_started`, `process_closed`,
   * `os_permission` when it may not be signalled
   */
  signal(sig: number | SignalName): Promise<void>;
  /**
   * Ends the process and its group: SIGTERM, and SIGKILL after `killGrace` ms. Never rejects, may be called again.
   * @param force sends SIGKILL at once
   * @returns true when nothing of the group is left, false when something known to be of it was there 2 s after SIGKILL
   */
  close(force?: boolean): Promise<boolean>;
  /**
   * Lets the host end although this process runs; without it a running process keeps the host alive. A host that ends
   * kills it all the same, where the backend does that (`capabilities.killOnHostExit`).
   * @throws {ExecError} `process_closed`
   */
  unref(): void;
}
