/**
 * A backend without processes: tests say what commands do, and see what was asked for.
 * @module
 */
import type { Backend, Child, SpawnRequest } from "../../backend.ts";
import { checkOptions } from "../../check.ts";
import { type Clock, systemClock } from "../../clock.ts";
import { type FakeCall, RecordedCall } from "./call.ts";
import { FakeProcess } from "./process.ts";
import { checkReply, type FakeAnswer, type FakeReply, type FakeStep, play, startErrorOf } from "./reply.ts";
import {
  checkFallback,
  commandRule,
  type FakeMatch,
  type FakeShellMatch,
  Rules,
  shellRule,
} from "./rules.ts";

/** How a fake is made. */
export interface FakeBackendOptions {
  /** Runs commands that no rule is for (default: they are refused). */
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
   * Adds a rule for what `run` was given, whatever the shell.
   * @param match the command lines it is for
   * @param answer what they do
   * @throws {ExecError} `invalid_option` when the rule is wrong
   */
  onShell(match: FakeShellMatch, answer: FakeAnswer): this;
  /** What was asked for, in order. */
  readonly calls: readonly FakeCall[];
  /** The rules that no call has used, as their names. */
  unused(): string[];
  /** Forgets all rules and calls. */
  reset(): void;
}

/**
 * Makes a backend that starts no process. Commands do what its rules say; one that no rule is for rejects with
 * `unexpected_command`. The core above it is the real one: a faked process has the states, streams, signals, timeouts,
 * limits and policies of a real one.
 *
 * A reply given as data reads its standard input to the end when something is written to it right after the start.
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
  return new RuledBackend(checkFallback(fallback), clock ?? systemClock);
}

class RuledBackend implements FakeBackend {
  readonly name = "fake";
  readonly capabilities = {
    processGroups: true,
    mergedOutput: true,
    killOnHostExit: true,
    realProcesses: false,
  };
  readonly #rules = new Rules();
  readonly #calls: RecordedCall[] = [];
  readonly #fallback: Backend | undefined;
  readonly #clock: Clock;

  constructor(fallback: Backend | undefined, clock: Clock) {
    this.#fallback = fallback;
    this.#clock = clock;
  }

  get calls(): readonly FakeCall[] {
    return this.#calls;
  }

  on(match: FakeMatch, answer: FakeAnswer): this {
    this.#rules.add(commandRule(match, answer));
    return this;
  }

  onShell(match: FakeShellMatch, answer: FakeAnswer): this {
    this.#rules.add(shellRule(match, answer));
    return this;
  }

  unused(): string[] {
    return this.#rules.unused();
  }

  reset(): void {
    this.#rules.clear();
    this.#calls.length = 0;
  }

  spawn(request: SpawnRequest): Promise<Child> {
    const call = new RecordedCall(request);
    this.#calls.push(call);
    const rule = this.#rules.take(call);
    if (rule) return this.#start(request, call, rule.answer);
    if (this.#fallback) return this.#fallback.spawn(request);
    return Promise.reject(this.#rules.unexpected(call));
  }

  /** Every shell is there: what it would do, the rules say. */
  findExecutable(candidates: readonly string[]): Promise<string | undefined> {
    return Promise.resolve(candidates[0]);
  }

  #start(request: SpawnRequest, call: RecordedCall, answer: FakeAnswer): Promise<Child> {
    const error = typeof answer === "function" ? undefined : startErrorOf(answer, call.command);
    if (error) return Promise.reject(error);
    const process = new FakeProcess(request, this.#clock);
    call.startedAs(process);
    perform(process, call, answer).catch((reason) => process.fail(reason));
    return Promise.resolve(process);
  }
}

async function perform(process: FakeProcess, call: RecordedCall, answer: FakeAnswer): Promise<void> {
  const reply = typeof answer === "function" ? checkReply(await answer(call) ?? {}) : answer;
  const error = startErrorOf(reply, call.command);
  if (error) throw error;
  await play(process, reply, () => takeInput(process, call));
}

/** Turns of the microtask queue that a caller gets to begin writing: more than any way from `start` to a write takes. */
const TURNS_TO_WRITE = 64;

async function takeInput(process: FakeProcess, call: RecordedCall): Promise<void> {
  for (let turn = 0; turn < TURNS_TO_WRITE && !process.fed && process.stdin; turn++) await undefined;
  if (process.fed) await call.stdinBytes();
}

export type { FakeAnswer, FakeCall, FakeMatch, FakeReply, FakeShellMatch, FakeStep };
