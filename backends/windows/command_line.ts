/**
 * Command lines: Windows hands a program one text, which the program takes apart itself.
 * @module
 */
import { ExecError } from "../../src/errors.ts";

/** The longest command line the system takes, in UTF-16 units without the NUL at its end. */
const LONGEST = 32_766;
/** The longest one that cmd.exe takes. */
const LONGEST_FOR_CMD = 8_191;

/** A word as the C runtime reads it: what the runtimes do with each argument of a program. */
export function quoteForProgram(word: string): string {
  if (word !== "" && !/[\s"]/.test(word)) return word;
  return `"${word.replace(/(\\*)("|$)/g, (_, slashes, quote) => slashes + slashes + (quote && '\\"'))}"`;
}

/**
 * A word for a batch file, which stays data when cmd.exe reads it, when the file hands it on (`%*`, `%1`), and when the
 * program at the end does.
 *
 * A quote is doubled and not escaped by a backslash: cmd.exe knows no backslashes, and would take what follows `\"` for
 * commands (CVE-2024-24576). So does cross-spawn 7 outside of `node_modules/.bin`. A percent sign is followed by a
 * variable's empty part, so that it begins no variable's name.
 */
export function quoteForBatch(word: string): string {
  const quoted = word.replace(/(\\*)("|$)/g, (_, slashes, quote) => slashes + slashes + (quote && '""'));
  return `"${quoted.replaceAll("%", "%%cd:~,%")}"`;
}

/** The arguments, taken as they are, that make cmd.exe run a batch file. */
export function batchArguments(path: string, args: readonly string[]): string[] {
  const line = [path, ...args].map(quoteForBatch).join(" ");
  return ["/d", "/e:on", "/v:off", "/s", "/c", `"${line}"`];
}

/**
 * Refuses words that cmd.exe can't carry: its command line ends at the first line's end, and what follows would be lost
 * without a word.
 * @throws {ExecError} `invalid_command`
 */
export function checkOneLine(words: readonly string[], what: string): void {
  const wrong = words.find((word) => /[\r\n\0]/.test(word));
  if (wrong === undefined) return;
  const shown = JSON.stringify(wrong.length > 80 ? wrong.slice(0, 77) + "..." : wrong);
  const message = `cmd.exe, which runs ${what}, takes one line and no line breaks, got ${shown}: ` +
    `take them out, or run a program or PowerShell instead.`;
  throw new ExecError("invalid_command", message);
}

/**
 * Refuses a command line that is too long, which Windows reports as a missing file and cmd.exe by cutting it.
 * @throws {ExecError} `argument_too_long`
 */
export function checkLength(
  file: string,
  args: readonly string[],
  how: { raw: boolean; cmd: boolean },
): void {
  const line = [quoteForProgram(file), ...(how.raw ? args : args.map(quoteForProgram))].join(" ");
  const limit = how.cmd ? LONGEST_FOR_CMD : LONGEST;
  if (line.length <= limit) return;
  const message = `The command line of ${JSON.stringify(file)} has ${line.length} characters, and ` +
    `${how.cmd ? "cmd.exe" : "Windows"} takes ${limit}: pass large data on stdin or in a file.`;
  throw new ExecError("argument_too_long", message, { details: { length: line.length, limit } });
}
