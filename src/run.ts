/**
 * The runner: a command line in a shell, and an answer every time.
 * @module
 */
import { show } from "./check.ts";
import { systemClock } from "./clock.ts";
import { isExecError } from "./errors.ts";
import type { Executor } from "./executor.ts";
import { loadRunning, running } from "./load_running.ts";
import { backendOf, createExecutor } from "./local_executor.ts";
import { type ResolveShellOptions, shellCandidates } from "./resolve_shell.ts";
import {
  commandText,
  overrideRunOptions,
  type ResolvedRunOptions,
  resolveRunOptions,
  type RunOptions,
} from "./run_options.ts";
import type { RunResult } from "./run_result.ts";
import type { Shell } from "./shell.ts";

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
      const executor = resolved.executor ?? (ownExecutor ??= createExecutor());
      const place = {
        executor,
        backend: () => backendOf(executor),
        findShells: sameShell ? findOnce : () => shellCandidates(lookup(resolved)),
      };
      const startedAt = systemClock.now();
      if (running) return await running.runText(text, resolved, place, startedAt);
      const late = await loadInTime(text, resolved, place.backend);
      const waited = systemClock.now() - startedAt;
      if (late) return { ...late, ...NOTHING, durationMs: waited };
      const rest = { ...resolved, timeout: Math.max(Math.ceil(resolved.timeout - waited), 1) };
      return await running!.runText(text, rest, place, startedAt);
    },
  };
}

let ownExecutor: Executor | undefined;

/** What a run printed that was over before it began. */
const NOTHING = { output: "", truncated: false, totalBytes: 0, complete: false, ordered: true };

/** Loads what runs commands; how the run ended when that took longer than it may. */
async function loadInTime(command: string, options: ResolvedRunOptions, backend: () => unknown) {
  const { signal, timeout } = options;
  try {
    await loadRunning({ command: () => show(command), signal, timeout, clock: systemClock, backend });
    return undefined;
  } catch (error) {
    if (!isExecError(error) || !["timed_out", "canceled"].includes(error.reason)) throw error;
    const reason: "canceled" | "timeout" = error.reason === "canceled" ? "canceled" : "timeout";
    return { ok: false as const, reason };
  }
}

function lookup({ shell, executor }: ResolvedRunOptions): ResolveShellOptions {
  return { ...(shell && { shell }), ...(executor && { executor }) };
}
