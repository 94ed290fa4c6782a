/**
 * Which faked command answers a call.
 * @module
 */
import { invalidOption, show } from "../../check.ts";
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
  if ((match as unknown) instanceof RegExp) {
    throw invalidOption(
      "match",
      `must be a command, an array of words or a function, got ${match}: only onShell() takes a RegExp.`,
    );
  }
  const words = parseCommand(match);
  if (typeof match === "string") return rule(quote(words), ({ argv }) => sameWords(words, argv), answer);
  const name = words.map((word) => isWildcard(word) ? word : quote([word])).join(" ");
  return rule(name, ({ argv }) => matchesPattern(words, argv), answer);
}

/** Makes a rule for the text that `run` gives to a shell; `shells` are the executables that `run` has looked for. */
export function shellRule(match: FakeShellMatch, answer: FakeAnswer, shells: ReadonlySet<string>): Rule {
  if (typeof match !== "string" && typeof match !== "function" && !(match instanceof RegExp)) {
    throw invalidOption("match", `must be a string, a RegExp or a function, got ${show(match)}.`);
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

/** Whether words fit a pattern; what the last `"**"` stands for grows until the rest fits, so the time has a bound. */
function matchesPattern(pattern: readonly string[], argv: readonly string[]): boolean {
  let [next, at] = [0, 0];
  let last: { readonly next: number; at: number } | undefined;
  while (at < argv.length) {
    const word = pattern[next];
    if (word === "**") last = { next: ++next, at };
    else if (word === "*" || word === argv[at]) [next, at] = [next + 1, at + 1];
    else if (last) [next, at] = [last.next, ++last.at];
    else return false;
  }
  while (pattern[next] === "**") next++;
  return next === pattern.length;
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
    const near = this.#nearest(shellText(call.argv, shells) ?? call.command);
    const where = call.cwd === undefined ? "" : ` in ${show(call.cwd)}`;
    const hint = near === undefined ? "" : `\nThe nearest is: ${shorten(names[near]!)}`;
    const list = names.length === 0
      ? "There are no rules."
      : `The rules are:\n${names.map((name) => `  ${shorten(name)}`).join("\n")}`;
    const message =
      `Unexpected command${where}: no rule is for it. Add one with on(), or correct the call.\n` +
      `  ${shorten(call.command)}${hint}\n${list}`;
    return new ExecError("unexpected_command", message, {
      kind: "NOT_FOUND",
      details: {
        argv: call.argv,
        cwd: call.cwd,
        rules: names,
        nearest: near === undefined ? undefined : names[near],
      },
    });
  }

  /** The place of the rule that a command was most likely meant for: one nearly alike, or for the same executable. */
  #nearest(command: string): number | undefined {
    const commands = this.#rules.map(({ name }) => name.replace(/^in a shell: /, ""));
    const near = nearest(command, commands);
    const executable = command.split(" ", 1)[0];
    const at = near === undefined
      ? commands.findIndex((other) => other.split(" ", 1)[0] === executable)
      : commands.indexOf(near);
    return at < 0 ? undefined : at;
  }
}
