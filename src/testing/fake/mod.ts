/**
 * A backend without processes: tests say what commands do, and see what was asked for.
 * @module
 */
import type { Backend, Child, SpawnRequest } from "../../backend.ts";
import { checkOptions } from "../../check.ts";
import { type Clock, systemClock } from "../../clock.ts";
import { checkBackend, checkClock } from "../../seams.ts";
import type { FakeCall } from "./call.ts";
import { CallLog } from "./call_log.ts";
import { start } from "./play.ts";
import type { FakeBackground, FakeProcess } from "./process.ts";
import type { FakeAnswer, FakeReply, FakeStep } from "./reply.ts";
import { commandRule, type FakeMatch, type FakeShellMatch, Rules, shellRule } from "./rules.ts";

/** How a fake is made. */
export interface FakeBackendOptions {
  /** Runs commands that no rule is for (default: they are refused); the fake then can do what this one can. */
  fallback?: Backend;
  /** Where delays take time from (default: the runtime's timers); give the executor the same. */
  clock?: Clock;
}

/** A backend that plays what a test says; see {@linkcode fakeBackend}. */
export interface FakeBackend extends Backend {
  /**
   * Adds a rule; rules are asked in the order they were added.
   * @param match the commands it is for
   * @param answer what they do
   * @throws {ExecError} `invalid_option` or `invalid_command` when the rule is wrong
   */
  on(match: FakeMatch, answer: FakeAnswer): this;
  /**
   * Adds a rule for what `run` was given, whatever the shell. A string or a pattern is held against the whole text, and
   * against what follows each newline in it, because a `commandPrefix` may stand before the command; a function gets
   * the whole text.
   * @param match the command lines it is for
   * @param answer what they do
   * @throws {ExecError} `invalid_option` when the rule is wrong
   */
  onShell(match: FakeShellMatch, answer: FakeAnswer): this;
  /** What was asked for, in order; also what no rule was for, and what could not start. */
  readonly calls: readonly FakeCall[];
  /** The rules that no call has used, as messages name them. */
  unused(): string[];
  /** Forgets all rules and calls. */
  reset(): void;
}

/**
 * Makes a backend that starts no process. Commands do what its rules say; one that no rule is for rejects with
 * `unexpected_command`. The core above it is the real one: a faked process has the states, streams, signals, timeouts,
 * limits and policies of a real one. Shells are all taken to be there. What a faked command writes to an inherited
 * descriptor is not shown.
 *
 * @param options a backend to fall back to, and a clock
 * @throws {ExecError} `invalid_option`
 *
 * @example A test of code that runs git
 * ```ts
 * import { createExecutor } from "@polyspawn/polyspawn";
 * import { fakeBackend } from "@polyspawn/polyspawn/testing";
 *
 * const fake = fakeBackend();
 * fake.on("git status", { stdout: "clean\n" });
 * const output = await createExecutor({ backend: fake }).output("git status");
 * console.log(output.stdoutText(), fake.calls[0]?.argv);
 * ```
 */
export function fakeBackend(options?: FakeBackendOptions): FakeBackend {
  const { fallback, clock } = checkOptions(options, ["fallback", "clock"]);
  return new RuledBackend(checkBackend("fallback", fallback), checkClock("clock", clock) ?? systemClock);
}

class RuledBackend implements FakeBackend {
  readonly name = "fake";
  readonly capabilities: Backend["capabilities"];
  readonly shells?: NonNullable<Backend["shells"]>;
  readonly remedies?: NonNullable<Backend["remedies"]>;
  readonly #rules = new Rules();
  #calls: FakeCall[] = [];
  readonly #shells = new Set<string>();
  readonly #fallback: Backend | undefined;
  readonly #clock: Clock;

  constructor(fallback: Backend | undefined, clock: Clock) {
    this.#fallback = fallback;
    this.#clock = clock;
    // What a fallback can't do must not be asked of it.
    this.capabilities = fallback?.capabilities ??
      { processGroups: true, mergedOutput: true, killOnHostExit: true, realProcesses: false };
    if (fallback?.shells) this.shells = fallback.shells;
    if (fallback?.remedies) this.remedies = fallback.remedies;
  }

  get calls(): readonly FakeCall[] {
    return this.#calls;
  }

  on(match: FakeMatch, answer: FakeAnswer): this {
    this.#rules.add(commandRule(match, answer));
    return this;
  }

  onShell(match: FakeShellMatch, answer: FakeAnswer): this {
    this.#rules.add(shellRule(match, answer, this.#shells));
    return this;
  }

  unused(): string[] {
    return this.#rules.unused();
  }

  reset(): void {
    this.#rules.clear();
    this.#calls = [];
  }

  spawn(request: SpawnRequest): Promise<Child> {
    const log = new CallLog(request);
    this.#calls.push(log.seen);
    const rule = this.#rules.take(log.seen);
    if (rule) return start(request, this.#clock, log, rule.answer);
    if (this.#fallback) return this.#pass(request, log, this.#fallback);
    log.inputEnded();
    return Promise.reject(this.#rules.unexpected(log.seen, this.#shells));
  }

  /** Every shell is there: what it would do, the rules say. */
  findExecutable(candidates: readonly string[]): Promise<string | undefined> {
    for (const candidate of candidates) this.#shells.add(candidate);
    return this.#find(candidates);
  }

  // A fallback may have to run in the shell, but a rule may be for one that is not there.
  async #find(candidates: readonly string[]): Promise<string | undefined> {
    return await this.#fallback?.findExecutable?.(candidates) ?? candidates[0];
  }

  async #pass(request: SpawnRequest, log: CallLog, fallback: Backend): Promise<Child> {
    try {
      return log.listen(await fallback.spawn(request));
    } catch (error) {
      log.inputEnded();
      throw error;
    }
  }
}

export type {
  FakeAnswer,
  FakeBackground,
  FakeCall,
  FakeMatch,
  FakeProcess,
  FakeReply,
  FakeShellMatch,
  FakeStep,
};
