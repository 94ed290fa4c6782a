/**
 * The commands an executor may run, each whole.
 * @module
 */
import { invalidOption, show } from "./check.ts";
import { parseCommand } from "./command.ts";
import { ExecError } from "./errors.ts";
import type { ProcessOptions } from "./options.ts";

/** A set of whole commands. */
export interface Whitelist {
  /**
   * Whether exactly this command is on the list: the same words, no more and no fewer. The cost does not grow with
   * the list.
   */
  allows(argv: readonly string[]): boolean;
}

/**
 * Checks the entries of a whitelist and makes one; a string is split as a command is, an array is taken as it is.
 *
 * @param entries what the caller or a configuration gave; later changes to it have no effect
 * @param option the option's name for messages, with its path where it has one
 * @throws {ExecError} `invalid_option` that names the entry at fault
 */
export function parseWhitelist(entries: unknown, option = "commandWhitelist"): Whitelist {
  if (!Array.isArray(entries)) {
    throw new ExecError(
      "invalid_option",
      `${option}: expected an array of commands, got ${show(entries)}. An empty array allows nothing.`,
      { details: { option, value: entries } },
    );
  }
  const keys = new Set<string>();
  for (const [index, entry] of entries.entries()) {
    keys.add(keyOf(parseEntry(entry, index, option)));
  }
  return { allows: (argv) => keys.has(keyOf(argv)) };
}

function parseEntry(entry: unknown, index: number, option: string): readonly string[] {
  const details = { option, index, value: entry };
  if (typeof entry !== "string" && !Array.isArray(entry)) {
    throw new ExecError(
      "invalid_option",
      `${option}[${index}]: expected a command as a string or an array of words, got ${show(entry)}.`,
      { details },
    );
  }
  try {
    return parseCommand(entry);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new ExecError("invalid_option", `${option}[${index}]: ${message}`, { details, cause: error });
  }
}

/** Joining with any character would let `["a b"]` pass for `["a", "b"]`; JSON tells every two lists of words apart. */
function keyOf(argv: readonly string[]): string {
  return JSON.stringify(argv);
}

/**
 * Refuses what a call could use to make a whitelisted command mean something else.
 * @throws {ExecError} `invalid_option` that names the option
 */
export function checkUnderWhitelist(argv: readonly string[], given: ProcessOptions): void {
  const why = "can't be set by a call under a commandWhitelist, because it can change what a command does: " +
    "set it on the executor.";
  for (const name of Object.keys(given.env ?? {})) {
    if (/^(PATH|PATHEXT|LD_.*|DYLD_.*)$/i.test(name)) {
      throw invalidOption("env", `names ${name}, which ${why}`);
    }
  }
  if (given.inheritEnv === true) throw invalidOption("inheritEnv", why);
  const [executable] = argv as readonly [string];
  const relative = /[\\/]/.test(executable) && !/^([\\/]|[A-Za-z]:[\\/])/.test(executable);
  if (given.cwd !== undefined && relative) {
    throw invalidOption("cwd", `with the relative executable ${show(executable)} ${why}`);
  }
}
