/**
 * Which shell runs a command line.
 * @module
 */
import { checkOptions, invalidOption, show } from "./check.ts";
import { ExecError } from "./errors.ts";
import type { Executor } from "./executor.ts";
import { backendOf } from "./local_executor.ts";

/** A shell: its executable, and the arguments that come before the command line. */
export type Shell = readonly [executable: string, args: readonly string[]];

/** What {@linkcode resolveShell} may be told. */
export interface ResolveShellOptions {
  /** The shell to use; it must be there (default: `/bin/bash`, else `/bin/sh`; on Windows PowerShell, else cmd.exe). */
  shell?: Shell;
  /** Whose backend looks for it (default: the runtime's own). */
  executor?: Executor;
}

/** Looked for in this order where the backend names no others. */
const CANDIDATES: readonly Shell[] = [["/bin/bash", ["-c"]], ["/bin/sh", ["-c"]]];

/**
 * Finds the shell that runs command lines; runs nothing to do so.
 *
 * A backend that can't look for executables gets the first candidate; `run` then tries the next one when that is
 * missing.
 *
 * @param options a shell of one's own, and the executor whose backend looks for it
 * @returns the shell
 * @throws {ExecError} A rejection with `invalid_option` when the given shell is malformed or missing, or none is found
 *
 * @example
 * ```ts
 * import { resolveShell } from "@polyspawn/polyspawn";
 *
 * const [executable, args] = await resolveShell();
 * console.log(executable, args); // /bin/bash [ "-c" ]
 * ```
 */
export async function resolveShell(options?: ResolveShellOptions): Promise<Shell> {
  return (await shellCandidates(options))[0]!;
}

/** The shells to try, best first; never none. */
export async function shellCandidates(options?: ResolveShellOptions): Promise<readonly Shell[]> {
  const { shell: given, executor } = checkOptions(options, ["shell", "executor"]);
  const shell = checkShell(given);
  const backend = await backendOf(checkExecutor(executor));
  const known = shell ? [shell] : backend?.shells ?? CANDIDATES;
  if (!backend?.findExecutable) return known;
  const found = await backend.findExecutable(known.map(([executable]) => executable));
  const index = known.findIndex(([executable]) => executable === found);
  if (index >= 0) return [known[index]!];
  throw shellNotFound(known, shell !== undefined);
}

/** The error when none of the shells is there; `given` tells whether the caller named it. */
export function shellNotFound(tried: readonly Shell[], given: boolean, cause?: unknown): ExecError {
  const names = tried.map(([executable]) => show(executable)).join(", ");
  const message = given
    ? `Option "shell" names ${names}, which was not found: correct it or leave it out.`
    : `No shell was found among ${names}: install one, or give option "shell".`;
  return new ExecError("invalid_option", message, { cause, details: { option: "shell" } });
}

/** Refuses what is no shell. */
export function checkShell(shell: Shell | undefined): Shell | undefined {
  if (shell === undefined) return undefined;
  const [executable, args, ...rest] = Array.isArray(shell) ? shell as unknown[] : [];
  const isPath = typeof executable === "string" && executable !== "";
  const areArgs = Array.isArray(args) && args.every((arg) => typeof arg === "string");
  if (!isPath || !areArgs || rest.length > 0) {
    throw invalidOption(
      "shell",
      `must be [executable, arguments], such as ["/bin/bash", ["-c"]], got ${show(shell)}.`,
    );
  }
  if ([executable, ...args].some((word) => word.includes("\0"))) {
    throw invalidOption("shell", `must not contain a NUL byte, got ${show(executable)}.`);
  }
  return Object.freeze([executable, Object.freeze([...args] as string[])]);
}

/** Refuses what is no executor. */
export function checkExecutor(executor: Executor | undefined): Executor | undefined {
  if (executor === undefined || typeof executor?.exec === "function") return executor;
  throw invalidOption("executor", `must be an Executor, got ${show(executor)}.`);
}
