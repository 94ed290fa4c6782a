/**
 * Which shell runs a command line.
 * @module
 */
import { checkOptions } from "./check.ts";
import type { Executor } from "./executor.ts";
import { backendOf } from "./local_executor.ts";
import { checkExecutor, checkShell, type Shell, shellNotFound } from "./shell.ts";

/** What {@linkcode resolveShell} may be told. */
export interface ResolveShellOptions {
  /** The shell to use; it must be there (default: `/bin/bash`, else `/bin/sh`; on Windows PowerShell, else cmd.exe). */
  shell?: Shell;
  /** Whose backend looks for it (default: the runtime's own). */
  executor?: Executor;
}

/**
 * Looked for in this order where the backend names no others. Bash that reads from a socket, and the pipes of Node and Bun
 * are sockets, takes itself for a remote shell and runs ~/.bashrc first.
 */
const CANDIDATES: readonly Shell[] = [["/bin/bash", ["--norc", "-c"]], ["/bin/sh", ["-c"]]];

/**
 * Finds the shell that runs command lines; runs nothing to do so.
 *
 * A backend that can't look for executables gets the first candidate; `run` then tries the next one when that is
 * missing.
 *
 * @param options a shell of one's own, and the executor whose backend looks for it
 * @returns the shell
 * @throws {ExecError} A rejection with `invalid_option` when the given shell is malformed or missing, or none is found;
 * `resource_exhausted` when there are no descriptors to load the backend
 *
 * @example
 * ```ts
 * import { resolveShell } from "@polyspawn/polyspawn";
 *
 * const [executable, args] = await resolveShell();
 * console.log(executable, args); // /bin/bash [ "--norc", "-c" ]
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
