/**
 * Which faked command answers a call.
 * @module
 */
import { checkFunction, invalidOption, show } from "../../check.ts";
import { parseCommand, quote } from "../../command.ts";
import { ExecError } from "../../errors.ts";
import { nearest } from "../../nearest.ts";
import type { FakeCall } from "./call.ts";
import { type Answer, toAnswer } from "./play.ts";
import type { FakeAnswer } from "./reply.ts";

/**
 * Which commands a rule is for: exactly one (a string, split as a command is); an array of words, in which `"*"` stands
 * for any one word and `"**"` for any number of them; or a function that says so.
 */
export type FakeMatch = string | readonly string[] | ((call: FakeCall) => boolean);

/** Which command lines a rule for shells is for: exactly one, those a pattern matches, or a function that says so. */
export type FakeShellMatch = string | RegExp | ((text: string, call: FakeCall) => boolean);

/** A rule of a fake. */
export interface Rule {
  /** The rule as messages name it. */
  readonly name: string;
  readonly matches: (call: FakeCall) => boolean;
  readonly answer: Answer;
  readonly times: number;
  used: number;
}

/** Makes a rule for commands. */
export function commandRule(match: FakeMatch, answer: FakeAnswer): Rule {
  if (typeof match === "function") return rule("a function", match, answer);
  const words = parseCommand(match);
  if (typeof match === "string") return rule(quote(words), ({ argv }) => sameWords(words, argv), answer);
  const name = words.map((word) => isWildcard(word) ? word : quote([word])).join(" ");
  return rule(name, ({ argv }) => matchesPattern(words, argv), answer);
}

/** Makes a rule for the text that `run` gives to a shell; `shells` are the executables that `run` has looked for. */
export function shellRule(match: FakeShellMatch, answer: FakeAnswer, shells: ReadonlySet<string>): Rule {
  if (typeof match !== "string" && !(match instanceof RegExp)) {
    checkFunction("match", match ?? invalid(match));
  }
  const name = typeof match === "function" ? "a function" : typeof match === "string" ? match : String(match);
  const matches = (call: FakeCall) => {
    const text = shellText(call.argv, shells);
    if (text === undefined) return false;
    if (typeof match === "function") return match(text, call);
    return possibleCommands(text).some((command) =>
      typeof match === "string" ? command === match : command.search(match) >= 0
    );
  };
  return rule(`in a shell: ${name}`, matches, answer);
}

/** What `run` may have been given: all of a text, or what follows a `commandPrefix` on lines of its own. */
function possibleCommands(text: string): string[] {
  const lines = text.split("\n");
  return lines.map((_, index) => lines.slice(index).join("\n"));
}

function invalid(match: unknown): never {
  throw invalidOption("match", `must be a string, a RegExp or a function, got ${show(match)}.`);
}

function rule(name: string, matches: (call: FakeCall) => boolean, given: FakeAnswer): Rule {
  const answer = toAnswer(given);
  return { name, matches, answer, times: typeof answer === "function" ? Infinity : answer.times, used: 0 };
}

/** What stands before the text in the words of a shell, as far as it is known without having seen the shell. */
const FLAG = /^(-\w*c|\/[ck]|-{1,2}command)$/i;

/** The text a shell was given, when this is a shell that was given one. */
function shellText(argv: readonly string[], shells: ReadonlySet<string>): string | undefined {
  const isShell = argv.length > 1 && shells.has(argv[0]!) || argv.length > 2 && FLAG.test(argv.at(-2)!);
  return isShell ? argv.at(-1) : undefined;
}

function sameWords(words: readonly string[], argv: readonly string[]): boolean {
  return words.length === argv.length && words.every((word, index) => word === argv[index]);
}

function isWildcard(word: string): boolean {
  return word === "*" || word === "**";
}

function matchesPattern(pattern: readonly string[], argv: readonly string[]): boolean {
  const [word, ...rest] = pattern;
  if (word === undefined) return argv.length === 0;
  if (word === "**") {
    return matchesPattern(rest, argv) || argv.length > 0 && matchesPattern(pattern, argv.slice(1));
  }
  return argv.length > 0 && (word === "*" || word === argv[0]) && matchesPattern(rest, argv.slice(1));
}

/** Whether a rule is for a call: at once, because the next rule waits for the answer. */
function isFor({ name, matches }: Rule, call: FakeCall): boolean {
  const answer: unknown = matches(call);
  if (typeof (answer as PromiseLike<unknown> | undefined)?.then !== "function") return Boolean(answer);
  throw invalidOption("match", `must answer true or false at once: ${name} gave a promise.`);
}

/** The most characters of a command or a rule in a message. */
const LONGEST = 1_000;

function shorten(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}... (${text.length} characters)` : text;
}

/** The rules of a fake, in the order they were made. */
export class Rules {
  #rules: Rule[] = [];

  add(rule: Rule): void {
    this.#rules.push(rule);
  }

  /** The first rule that is for the call and not used up; it counts as used. */
  take(call: FakeCall): Rule | undefined {
    const found = this.#rules.find((rule) => rule.used < rule.times && isFor(rule, call));
    if (found) found.used++;
    return found;
  }

  /** The names of rules that no call ever used. */
  unused(): string[] {
    return this.#rules.filter((rule) => rule.used === 0).map((rule) => rule.name);
  }

  clear(): void {
    this.#rules = [];
  }

  /** The error for a call no rule is for. */
  unexpected(call: FakeCall, shells: ReadonlySet<string>): ExecError {
    const names = this.#rules.map((rule) => rule.used < rule.times ? rule.name : `${rule.name} (used up)`);
    const near = nearest(
      shellText(call.argv, shells) ?? call.command,
      this.#rules.map(({ name }) => name.replace(/^in a shell: /, "")),
    );
    const where = call.cwd === undefined ? "" : ` in ${show(call.cwd)}`;
    const hint = near === undefined ? "" : `\nThe nearest is: ${shorten(near)}`;
    const list = names.length === 0
      ? "There are no rules."
      : `The rules are:\n${names.map((name) => `  ${shorten(name)}`).join("\n")}`;
    const message =
      `Unexpected command${where}: no rule is for it. Add one with on(), or correct the call.\n` +
      `  ${shorten(call.command)}${hint}\n${list}`;
    return new ExecError("unexpected_command", message, {
      kind: "NOT_FOUND",
      details: { argv: call.argv, cwd: call.cwd, rules: names, nearest: near },
    });
  }
}
