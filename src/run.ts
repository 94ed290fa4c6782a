/**
 * The runner: a command line in a shell, and an answer every time.
 * @module
 */
import { systemClock } from "./clock.ts";
import type { ExecError } from "./errors.ts";
import { RunAttempt } from "./run_attempt.ts";
import { inTime } from "./run_deadline.ts";
import {
  commandText,
  overrideRunOptions,
  type ResolvedRunOptions,
  resolveRunOptions,
  type RunOptions,
} from "./run_options.ts";
import { RunSink } from "./run_sink.ts";
import { type ResolveShellOptions, type Shell, shellCandidates } from "./shell.ts";
import type { SignalName } from "./signals.ts";

/** What every result of a run tells. */
export interface RunOutput {
  /** What the command printed to stdout and stderr; when truncated its last part, after a line that says so. */
  readonly output: string;
  /** Whether the beginning of the output is missing. */
  readonly truncated: boolean;
  /** How many bytes the command printed. */
  readonly totalBytes: number;
  /** Whether the output reached its real end; false when something still held the pipe, or nothing was started. */
  readonly complete: boolean;
  /** Whether stdout and stderr are in the order they were written; false when only in the order they arrived. */
  readonly ordered: boolean;
  /** Time the call took, in ms. */
  readonly durationMs: number;
  /** Why `tee` did not get everything, when it failed or was too slow; the result is what it would be without. */
  readonly teeError?: ExecError;
}

/** How a run ended; `ok` and `reason` tell which. */
export type RunResult =
  | RunOutput & {
    /** It succeeded. */
    readonly ok: true;
    /** Its exit code. */
    readonly exitCode: 0;
  }
  | RunOutput & {
    /** It failed. */
    readonly ok: false;
    /** It exited with another code than 0, or was killed by a signal. */
    readonly reason: "nonzero";
    /** The exit code; 128 + n when signal n killed the shell. */
    readonly exitCode: number;
    /** The signal that killed the shell, if one did. */
    readonly signal?: SignalName;
    /** Facts about why it ended, where its backend knows any: of `./docker` `limitReached` and `limit`. */
    readonly details?: Readonly<Record<string, unknown>>;
  }
  | RunOutput & {
    /** It was ended. */
    readonly ok: false;
    /** The timeout passed before it had exited. */
    readonly reason: "timeout";
  }
  | RunOutput & {
    /** It was ended, or never started. */
    readonly ok: false;
    /** Its AbortSignal was aborted before it had exited. */
    readonly reason: "canceled";
  };

/** Runs command lines with the same options, in a shell that is looked for once. */
export interface Runner {
  /**
   * Runs a command line.
   * @param command text for the shell
   * @param overrides options for this run only, each in place of the runner's; `undefined` is none
   * @returns how it ended
   * @throws {ExecError} A rejection as of {@linkcode run}
   */
  run(command: string, overrides?: Partial<RunOptions>): Promise<RunResult>;
}

/**
 * Runs a command line in a shell and answers in time, whatever the command does.
 *
 * stdout and stderr come as one text, in the order written. When `timeout` passes or `signal` is aborted, the shell
 * and the process group it leads are ended (SIGTERM, after 500 ms SIGKILL); within a second the output so far is the
 * result, and nothing rejects. What left the group (`setsid`) is out of reach; if it holds the pipe, `complete` is
 * false. What a command leaves in the background is ended when the shell has exited, unless `keepBackground` is set.
 *
 * This is no security boundary: a shell does whatever its user may, and no look at its text can tell what that is.
 * A container (`dockerBackend`) or a restricted user is one.
 *
 * @param command text for the shell
 * @param options where it runs and within which limits
 * @returns how it ended
 * @throws {ExecError} A rejection when it can't run: `invalid_command`, `invalid_option`, `cwd_not_found`,
 * `permission_denied`, `command_not_allowed`, `os_permission`, `argument_too_long`, `resource_exhausted`, …; or when
 * `input` or `onOutput` threw: `internal`, with that as its `cause`
 *
 * @example
 * ```ts
 * import { run } from "@polyspawn/polyspawn";
 *
 * const result = await run("echo out; echo err >&2; exit 3", { cwd: "." });
 * if (!result.ok && result.reason === "nonzero") console.log(result.exitCode, result.output);
 * ```
 */
export async function run(command: string, options: RunOptions): Promise<RunResult> {
  return await createRunner(options).run(command);
}

/**
 * Makes a runner, so that options are said once and the shell is looked for once, on its first run.
 * @param options the options of every run
 * @throws {ExecError} `invalid_option` when an option is wrong
 *
 * @example
 * ```ts
 * import { createRunner } from "@polyspawn/polyspawn";
 *
 * const bash = createRunner({ cwd: ".", timeout: 10_000, commandPrefix: "set -o pipefail" });
 * const { output } = await bash.run("echo hello | tr a-z A-Z");
 * console.log(output);
 * ```
 */
export function createRunner(options: RunOptions): Runner {
  const defaults = resolveRunOptions(options);
  let shells: Promise<readonly Shell[]> | undefined;
  const findOnce = () =>
    shells ??= shellCandidates(lookup(defaults)).catch((error) => {
      shells = undefined;
      throw error;
    });
  return {
    run: async (command, overrides) => {
      const resolved = overrideRunOptions(defaults, overrides);
      const text = commandText(command, resolved.commandPrefix);
      const sameShell = resolved.shell === defaults.shell && resolved.executor === defaults.executor;
      return await runText(text, resolved, sameShell ? findOnce : () => shellCandidates(lookup(resolved)));
    },
  };
}

async function runText(
  text: string,
  options: ResolvedRunOptions,
  findShells: () => Promise<readonly Shell[]>,
): Promise<RunResult> {
  const startedAt = systemClock.now();
  const sink = new RunSink(options);
  const attempt = new RunAttempt(text, options, sink);
  try {
    const ended = await inTime(attempt.run(findShells), options, {
      end: () => attempt.end(),
      hurry: () => sink.hurry(),
      answer: () => attempt.abandon(),
    });
    const { teeError } = sink;
    return {
      ...ended,
      ...sink.text(),
      ordered: attempt.ordered,
      durationMs: systemClock.now() - startedAt,
      ...(teeError && { teeError }),
    };
  } finally {
    sink.release();
  }
}

function lookup({ shell, executor }: ResolvedRunOptions): ResolveShellOptions {
  return { ...(shell && { shell }), ...(executor && { executor }) };
}
