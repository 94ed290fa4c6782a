/**
 * A shell, as a caller names it.
 * @module
 */
import { invalidOption, show } from "./check.ts";
import { ExecError } from "./errors.ts";
import type { Executor } from "./executor.ts";

/** A shell: its executable, and the arguments that come before the command line. */
export type Shell = readonly [executable: string, args: readonly string[]];

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
