/**
 * Commands as text and as words: splitting and quoting as POSIX shells do, without a shell.
 * @module
 */
import { show } from "./check.ts";
import { ExecError } from "./errors.ts";

/** A run of characters that mean nothing to a shell; only these four are whitespace to it, whatever Unicode says. */
const ORDINARY = /[^ \t\r\n'"\\]+/y;

/** What means nothing between double quotes. */
const ORDINARY_IN_DOUBLE_QUOTES = /[^"\\]+/y;

/** Words that no shell changes, wherever they stand; the set of Python's `shlex.quote`. */
const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** What `sh` (or bash under that name) takes for syntax when it is the first word, and made of plain characters. */
const RESERVED: ReadonlySet<string> = new Set(
  "case coproc do done elif else esac fi for function if in select then time until while".split(" "),
);

/**
 * Splits a command into words as POSIX shells quote, exactly as Python's `shlex.split` does.
 *
 * No shell is involved: nothing is expanded, `#` starts no comment, operators such as `|` or `&&` are plain words, and
 * a backslash before a newline keeps the newline. Only space, tab, carriage return and newline separate words.
 * Outside of single quotes a backslash escapes, so a Windows path needs single quotes, or an array instead of a string.
 *
 * @param command the command as one string
 * @returns the words, none for a blank string; {@linkcode quote} is the inverse
 * @throws {ExecError} `invalid_command` when a quote is not closed or nothing follows a backslash
 *
 * @example Split a command into words
 * ```ts
 * import { split } from "@polyspawn/polyspawn";
 *
 * console.log(split("git commit -m 'first light' --author=\"A. Author\""));
 * // [ "git", "commit", "-m", "first light", "--author=A. Author" ]
 * ```
 */
export function split(command: string): string[] {
  if (typeof command !== "string") {
    throw invalid(`A command to split must be a string, not ${show(command)}.`, command);
  }
  const words: string[] = [];
  // Undefined between words: an empty pair of quotes is a word, no characters at all are none.
  let word: string | undefined;
  let at = 0;
  while (at < command.length) {
    const char = command[at]!;
    if (char === "'") {
      const end = command.indexOf("'", at + 1);
      if (end < 0) throw unclosed(command, at);
      word = (word ?? "") + command.slice(at + 1, end);
      at = end + 1;
    } else if (char === '"') {
      const [text, end] = readDoubleQuoted(command, at);
      word = (word ?? "") + text;
      at = end;
    } else if (char === "\\") {
      if (at + 1 === command.length) throw trailingBackslash(command);
      word = (word ?? "") + command[at + 1];
      at += 2;
    } else if (char === " " || char === "\t" || char === "\r" || char === "\n") {
      if (word !== undefined) words.push(word);
      word = undefined;
      at++;
    } else {
      const text = match(ORDINARY, command, at);
      word = (word ?? "") + text;
      at += text.length;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

/**
 * Quotes words into one command line that a POSIX shell, and {@linkcode split}, take apart into the same words.
 *
 * Words of letters, digits and `_@%+=:,./-` stay as they are, as with Python's `shlex.quote`, but where a shell would
 * take them for something else they are quoted too: a first word that contains `=` (an assignment) or is reserved
 * (`if`, `time`), and any word that begins with `=` (zsh looks up a command). What no quoting changes: a shell
 * prefers its own builtin of the first word's name, and no shell or process takes a NUL character, which only `split`
 * reads back. For cmd and PowerShell, which quote differently, this is no help.
 *
 * @param argv the words: an executable and its arguments
 * @returns the command line, empty for no words
 * @throws {ExecError} `invalid_command` when `argv` is not an array of strings
 *
 * @example Put any file name into a shell command
 * ```ts
 * import { quote } from "@polyspawn/polyspawn";
 *
 * console.log(quote(["rm", "-f", "my file; echo oops"])); // rm -f 'my file; echo oops'
 * ```
 */
export function quote(argv: readonly string[]): string {
  return copyOfWords(argv, "Words to quote").map(quoteWord).join(" ");
}

/**
 * Checks a command as callers give it, and gives its words: a string is split, an array is taken as it is.
 *
 * @returns a frozen copy, never empty, that a process can be started with
 * @throws {ExecError} `invalid_command`
 */
export function parseCommand(command: string | readonly string[]): readonly string[] {
  // The copy is what is checked: a getter or a later change can't slip in anything else.
  const argv = typeof command === "string"
    ? split(command)
    : copyOfWords(command, "A command", "a string or an array of strings");
  const problem = problemOf(argv);
  if (problem !== undefined) {
    throw invalid(`Command ${showCommand(typeof command === "string" ? command : argv)} ${problem}`, command);
  }
  return Object.freeze(argv);
}

/** Why no process can be started with these words. */
function problemOf(argv: readonly string[]): string | undefined {
  if (argv.length === 0) return "is empty: name an executable to run.";
  if (argv[0] === "") return "has an empty first word: it must name an executable to run.";
  const index = argv.findIndex((word) => word.includes("\0"));
  if (index < 0) return undefined;
  const subject = `has a NUL byte in word ${index}, ${show(argv[index])}`;
  return `${subject}: no process can be given one, so remove it, or pass the data through stdin or a file.`;
}

/** The text between the double quote at `start` and its closing one, and the index behind that. */
function readDoubleQuoted(command: string, start: number): [text: string, end: number] {
  let text = "";
  let at = start + 1;
  while (at < command.length) {
    const char = command[at];
    if (char === '"') return [text, at + 1];
    if (char === "\\") {
      const next = command[at + 1];
      if (next === undefined) throw trailingBackslash(command);
      // Before anything else it stays, before $ and ` as well: nothing is expanded, so they need no escape.
      text += next === '"' || next === "\\" ? next : char + next;
      at += 2;
    } else {
      const ordinary = match(ORDINARY_IN_DOUBLE_QUOTES, command, at);
      text += ordinary;
      at += ordinary.length;
    }
  }
  throw unclosed(command, start);
}

function match(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)![0];
}

function quoteWord(word: string, index: number): string {
  const taken = word.startsWith("=") || (index === 0 && (word.includes("=") || RESERVED.has(word)));
  if (PLAIN.test(word) && !taken) return word;
  // Nothing is special between single quotes, but they can't hold one themselves.
  return `'${word.replaceAll("'", `'"'"'`)}'`;
}

function copyOfWords(argv: unknown, what: string, expected = "an array of strings"): string[] {
  if (!Array.isArray(argv)) throw invalid(`${what} must be ${expected}, not ${show(argv)}.`, argv);
  const words: unknown[] = Array.from(argv);
  const index = words.findIndex((word) => typeof word !== "string");
  if (index < 0) return words as string[];
  const problem = `but word ${index} of ${showCommand(words)} is ${show(words[index])}`;
  throw invalid(
    `${what} must be strings throughout, ${problem}: convert it with String() or leave it out.`,
    argv,
  );
}

function showCommand(command: unknown): string {
  if (!Array.isArray(command)) return show(command);
  const words = command.slice(0, 5).map(show);
  return `[${words.join(", ")}${command.length > 5 ? `, and ${command.length - 5} more` : ""}]`;
}

function invalid(message: string, command: unknown): ExecError {
  return new ExecError("invalid_command", message, { details: { command } });
}

function unclosed(command: string, at: number): ExecError {
  const subject = `Command ${show(command)} has no closing quotation for the ${command[at]} at index ${at}`;
  return invalid(`${subject}: close it, put a backslash before it, or give the words as an array.`, command);
}

function trailingBackslash(command: string): ExecError {
  const subject = `Command ${show(command)} ends with a backslash that has no escaped character after it`;
  return invalid(`${subject}: remove it, double it, or give the words as an array.`, command);
}
