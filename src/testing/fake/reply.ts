/**
 * What a faked command does, as a test says it.
 * @module
 */
import type { ChildExit } from "../../backend.ts";
import { checkBoolean, checkKeys, checkMs, checkOneOf, invalidOption, show } from "../../check.ts";
import { EXEC_ERROR_REASONS, ExecError, type ExecErrorReason, isExecError } from "../../errors.ts";
import { nearest } from "../../nearest.ts";
import { parseSignal, type SignalName } from "../../signals.ts";
import type { FakeCall } from "./call.ts";
import type { FakeProcess } from "./process.ts";
import { checkExitCode, toBytes } from "./values.ts";

/** One thing a faked command does. */
export type FakeStep =
  | {
    /** Writes to standard output. */
    readonly stdout: string | Uint8Array;
  }
  | {
    /** Writes to standard error. */
    readonly stderr: string | Uint8Array;
  }
  | {
    /** Waits, in ms by the fake's clock; `Infinity` waits for a signal. */
    readonly delay: number;
  };

/** What a faked command does, from its start to its end. */
export interface FakeReply {
  /** What it does, one after the other, before all that follows. */
  steps?: readonly FakeStep[];
  /** What it writes to standard output. */
  stdout?: string | Uint8Array;
  /** What it writes to standard error, after that. */
  stderr?: string | Uint8Array;
  /** How long it runs after its last output, in ms by the fake's clock (default: 0). A signal ends the wait. */
  delay?: number;
  /** Its exit code, 0 to 255 (default: 0). */
  exitCode?: number;
  /** The signal it dies of, instead of an exit code. */
  signal?: SignalName;
  /** Signals it survives, and what it left behind too; SIGKILL it never does (default: none). */
  ignores?: readonly SignalName[];
  /** For how long, in ms, a descendant in its group holds its pipes after its exit (default: 0; `Infinity`: until killed). */
  holdsPipe?: number;
  /**
   * Whether it reads its standard input to the end before it exits (default: whether anything is written, or the end
   * sent, before it would exit). With false it reads none: a write waits once 64 KiB are on the way.
   */
  readsStdin?: boolean;
  /** Why it can't start: a reason such as `"command_not_found"`, or an error to reject with; alone, or with `times`. */
  error?: ExecErrorReason | Error;
  /** How often the rule applies before the next one does (default: always). */
  times?: number;
}

/**
 * A reply, or a function that makes one for a call: while it is awaited the process runs, and `process` plays it. Its
 * `error` can keep the process from starting as long as the function has not waited for anything.
 */
export type FakeAnswer =
  | FakeReply
  | ((call: FakeCall, process: FakeProcess) => FakeReply | void | Promise<FakeReply | void>);

const REPLY_KEYS: readonly (keyof FakeReply)[] = [
  "steps",
  "stdout",
  "stderr",
  "delay",
  "exitCode",
  "signal",
  "ignores",
  "holdsPipe",
  "readsStdin",
  "error",
  "times",
];

/** A step, checked. */
export type PlannedStep =
  | { readonly name: "stdout" | "stderr"; readonly bytes: Uint8Array }
  | { readonly delay: number };

/** A reply, checked, complete and nobody else's. */
export interface Plan {
  readonly steps: readonly PlannedStep[];
  readonly exit: ChildExit;
  readonly ignores: ReadonlySet<SignalName>;
  readonly holdsPipe: number;
  readonly readsStdin: boolean | undefined;
  readonly error: ExecErrorReason | Error | undefined;
  readonly times: number;
}

/**
 * Checks a reply when the rule is made, so that a mistake shows where it was made.
 * @throws {ExecError} `invalid_option`
 */
export function planReply(reply: FakeReply): Plan {
  if (typeof reply !== "object" || reply === null || Array.isArray(reply)) {
    throw invalidOption("answer", `must be an object or a function, got ${show(reply)}.`);
  }
  if ("then" in reply) {
    throw invalidOption(
      "answer",
      "must be an object or a function, got a promise: give a function, which may wait.",
    );
  }
  checkKeys(reply, REPLY_KEYS);
  checkAlone(reply);
  return {
    steps: planSteps(reply),
    exit: planExit(reply),
    ignores: planIgnores(reply.ignores ?? []),
    holdsPipe: checkMs("holdsPipe", reply.holdsPipe, 0, true),
    readsStdin: reply.readsStdin === undefined
      ? undefined
      : checkBoolean("readsStdin", reply.readsStdin, false),
    error: checkError(reply.error),
    times: checkTimes(reply.times),
  };
}

/** Why a command can't start, when its plan says so. */
export function startError({ error }: Plan, command: string): Error | undefined {
  if (typeof error !== "string") return error;
  return new ExecError(error, `Command ${show(command)} was faked not to start: ${error}.`);
}

function planSteps({ steps = [], stdout, stderr, delay }: FakeReply): PlannedStep[] {
  if (!Array.isArray(steps)) throw invalidOption("steps", `must be an array, got ${show(steps)}.`);
  const planned = steps.map(planStep);
  if (stdout !== undefined) planned.push({ name: "stdout", bytes: toBytes("stdout", stdout) });
  if (stderr !== undefined) planned.push({ name: "stderr", bytes: toBytes("stderr", stderr) });
  if (delay !== undefined) planned.push({ delay: checkMs("delay", delay, 0, true) });
  return planned;
}

function planStep(step: FakeStep): PlannedStep {
  const [name, ...more] = Object.keys(step ?? {});
  checkOneOf("step", name, ["stdout", "stderr", "delay"], "stdout");
  if (name === undefined || more.length > 0) {
    throw invalidOption("steps", `must each have one of "stdout", "stderr" and "delay", got ${show(step)}.`);
  }
  if ("delay" in step) return { delay: checkMs("delay", step.delay, 0, true) };
  return "stdout" in step
    ? { name: "stdout", bytes: toBytes("stdout", step.stdout) }
    : { name: "stderr", bytes: toBytes("stderr", step.stderr) };
}

function planExit({ exitCode, signal }: FakeReply): ChildExit {
  if (signal === undefined) return { code: checkExitCode(exitCode ?? 0) };
  if (exitCode !== undefined) {
    throw invalidOption("signal", `can't be given together with "exitCode": a process ends in one way.`);
  }
  return { code: 0, signal: parseSignal(signal) };
}

function planIgnores(ignores: readonly SignalName[]): ReadonlySet<SignalName> {
  if (!Array.isArray(ignores)) throw invalidOption("ignores", `must be an array, got ${show(ignores)}.`);
  const names = ignores.map((signal) => parseSignal(signal));
  if (names.includes("SIGKILL")) {
    throw invalidOption("ignores", `must not name "SIGKILL": nothing survives it.`);
  }
  return new Set(names);
}

function checkAlone({ error, times: _, ...more }: FakeReply): void {
  const [other] = Object.entries(more).filter(([, value]) => value !== undefined);
  if (error === undefined || !other) return;
  throw invalidOption("error", `can't be given together with "${other[0]}": what can't start does nothing.`);
}

function checkError(error: ExecErrorReason | Error | undefined): ExecErrorReason | Error | undefined {
  if (error === undefined || error instanceof Error || isExecError(error)) return error;
  if (EXEC_ERROR_REASONS.includes(error)) return error;
  const near = typeof error === "string" ? nearest(error, EXEC_ERROR_REASONS) : undefined;
  const hint = near ? `did you mean "${near}"?` : `for a reason of your own give an ExecError.`;
  throw invalidOption("error", `must be a reason of an ExecError or an error, got ${show(error)}: ${hint}`);
}

function checkTimes(times = Infinity): number {
  if (times === Infinity || (Number.isInteger(times) && times > 0)) return times;
  throw invalidOption("times", `must be a positive whole number, got ${show(times)}.`);
}
