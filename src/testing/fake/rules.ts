/**
 * Which faked command answers a call.
 * @module
 */
import { checkFunction, invalidOption, show } from "../../check.ts";
import { parseCommand, quote } from "../../command.ts";
import { ExecError } from "../../errors.ts";
import { nearest } from "../../nearest.ts";
import type { FakeCall } from "./call.ts";
import { checkReply, type FakeAnswer } from "./reply.ts";

/**
 * Which commands a rule is for: exactly one (a string, split as a command is); an array of words in which `"*"` stands
 * for any one word and `"**"`, at the end, for any number; or a function that says so.
 */
export type FakeMatch = string | readonly string[] | ((call: FakeCall) => boolean);

/** Which command lines a rule for shells is for: exactly one, those a pattern matches, or a function that says so. */
export type FakeShellMatch = string | RegExp | ((text: string, call: FakeCall) => boolean);

/** A rule of a fake. */
export interface Rule {
  /** The rule as messages name it. */
  readonly name: string;
  readonly matches: (call: FakeCall) => boolean;
  readonly answer: FakeAnswer;
  readonly times: number;
  used: number;
}

/** Makes a rule for commands. */
export function commandRule(match: FakeMatch, answer: FakeAnswer): Rule {
  if (typeof match === "function") return rule(`a function`, match, answer);
  const words = parseCommand(match);
  if (typeof match === "string") return rule(quote(words), ({ argv }) => sameWords(words, argv), answer);
  return rule(words.join(" "), ({ argv }) => matchesPattern(words, argv), answer);
}

/** Makes a rule for the text that `run` gives to a shell. */
export function shellRule(match: FakeShellMatch, answer: FakeAnswer): Rule {
  if (typeof match !== "string" && !(match instanceof RegExp)) checkFunction("match", match);
  const name = typeof match === "function" ? "a function" : typeof match === "string" ? match : String(match);
  const matches = (call: FakeCall) => {
    const text = shellText(call.argv);
    if (text === undefined) return false;
    if (typeof match === "function") return match(text, call);
    if (typeof match !== "string") return text.search(match) >= 0;
    // A commandPrefix stands before the command, on lines of its own.
    return text === match || text.endsWith(`\n${match}`);
  };
  return rule(`in a shell: ${name}`, matches, answer);
}

function rule(name: string, matches: (call: FakeCall) => boolean, answer: FakeAnswer): Rule {
  if (typeof answer === "function") return { name, matches, answer, times: Infinity, used: 0 };
  const { times = Infinity } = checkReply(answer);
  return { name, matches, answer, times, used: 0 };
}

/** The text a shell was given, when this is a shell that was given one. */
function shellText(argv: readonly string[]): string | undefined {
  const flag = argv.at(-2) ?? "";
  return argv.length > 2 && /^(-\w*c|\/c|-command)$/i.test(flag) ? argv.at(-1) : undefined;
}

function sameWords(words: readonly string[], argv: readonly string[]): boolean {
  return words.length === argv.length && words.every((word, index) => word === argv[index]);
}

function matchesPattern(pattern: readonly string[], argv: readonly string[]): boolean {
  const open = pattern.at(-1) === "**";
  const fixed = open ? pattern.slice(0, -1) : pattern;
  if (open ? argv.length < fixed.length : argv.length !== fixed.length) return false;
  return fixed.every((word, index) => word === "*" || word === argv[index]);
}

/** The rules of a fake, in the order they were made. */
export class Rules {
  #rules: Rule[] = [];

  add(rule: Rule): void {
    this.#rules.push(rule);
  }

  /** The first rule that is for the call and not used up; it counts as used. */
  take(call: FakeCall): Rule | undefined {
    const found = this.#rules.find((rule) => rule.used < rule.times && rule.matches(call) === true);
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
  unexpected(call: FakeCall): ExecError {
    const names = this.#rules.map((rule) => rule.used < rule.times ? rule.name : `${rule.name} (used up)`);
    const near = nearest(
      shellText(call.argv) ?? call.command,
      names.map((name) => name.replace("in a shell: ", "")),
    );
    const hint = near === undefined ? "" : ` The nearest is ${show(near)}.`;
    const list = names.length === 0
      ? "there are no rules"
      : `the rules are:\n${names.map((name) => `  ${name}`).join("\n")}`;
    const message = `Unexpected command ${
      show(call.command)
    }: no rule is for it.${hint} Add one with on(); ${list}`;
    return new ExecError("unexpected_command", message, {
      kind: "NOT_FOUND",
      details: { argv: call.argv, rules: names },
    });
  }
}

/** Refuses what is no backend to fall back to. */
export function checkFallback<T>(fallback: T | undefined): T | undefined {
  const isBackend = fallback === undefined || typeof (fallback as { spawn?: unknown }).spawn === "function";
  if (isBackend) return fallback;
  throw invalidOption("fallback", `must be a Backend, got ${show(fallback)}.`);
}
