/**
 * What a faked command does, as a test says it.
 * @module
 */
import { checkKeys, checkMs, checkOneOf, invalidOption, show } from "../../check.ts";
import { ExecError, type ExecErrorReason } from "../../errors.ts";
import { parseSignal, type SignalName } from "../../signals.ts";
import type { FakeCall } from "./call.ts";
import type { FakeProcess } from "./process.ts";

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
    /** Waits, in ms by the fake's clock. */
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
  /** Its exit code (default: 0). */
  exitCode?: number;
  /** The signal it dies of, instead of an exit code. */
  signal?: SignalName;
  /** Signals it survives; SIGKILL it never does (default: none). */
  ignores?: readonly SignalName[];
  /** For how long, in ms, a descendant in its group holds its pipes after its exit (default: 0; `Infinity`: until killed). */
  holdsPipe?: number;
  /** Why it can't start: a reason such as `"command_not_found"`, or an error to reject with. */
  error?: ExecErrorReason | Error;
  /** How often the rule applies before the next one does (default: always). */
  times?: number;
}

/** A reply, or a function that makes one for a call; while it is awaited the process runs. */
export type FakeAnswer = FakeReply | ((call: FakeCall) => FakeReply | void | Promise<FakeReply | void>);

const REPLY_KEYS: readonly (keyof FakeReply)[] = [
  "steps",
  "stdout",
  "stderr",
  "delay",
  "exitCode",
  "signal",
  "ignores",
  "holdsPipe",
  "error",
  "times",
];

/** Checks a reply when the rule is made, so that a mistake shows where it was made. */
export function checkReply(reply: FakeReply): FakeReply {
  if (typeof reply !== "object" || reply === null) {
    throw invalidOption("reply", `must be an object or a function, got ${show(reply)}.`);
  }
  checkKeys(reply, REPLY_KEYS);
  checkMs("delay", reply.delay, 0, true);
  checkMs("holdsPipe", reply.holdsPipe, 0, true);
  if (reply.signal !== undefined) parseSignal(reply.signal);
  for (const signal of reply.ignores ?? []) parseSignal(signal);
  const { exitCode, times } = reply;
  if (exitCode !== undefined && !(Number.isInteger(exitCode) && exitCode >= 0 && exitCode <= 255)) {
    throw invalidOption("exitCode", `must be a whole number from 0 to 255, got ${show(exitCode)}.`);
  }
  if (times !== undefined && !(Number.isInteger(times) && times > 0)) {
    throw invalidOption("times", `must be a positive whole number, got ${show(times)}.`);
  }
  for (const step of stepsOf(reply)) checkStep(step);
  return reply;
}

function checkStep(step: FakeStep): void {
  const [name, ...more] = Object.keys(step ?? {});
  checkOneOf("step", name, ["stdout", "stderr", "delay"], "stdout");
  if (name === undefined || more.length > 0) {
    throw invalidOption("steps", `must each have one of "stdout", "stderr" and "delay", got ${show(step)}.`);
  }
  if ("delay" in step) return void checkMs("delay", step.delay, 0, true);
  const data: unknown = Object.values(step)[0];
  if (typeof data !== "string" && !(data instanceof Uint8Array)) {
    throw invalidOption(name, `must be a string or a Uint8Array, got ${show(data)}.`);
  }
}

function stepsOf({ steps = [], stdout, stderr, delay }: FakeReply): FakeStep[] {
  return [
    ...steps,
    ...(stdout === undefined ? [] : [{ stdout }]),
    ...(stderr === undefined ? [] : [{ stderr }]),
    ...(delay === undefined ? [] : [{ delay }]),
  ];
}

/** Why a reply says that the command can't start, if it says so. */
export function startErrorOf(reply: FakeReply, command: string): Error | undefined {
  const { error } = reply;
  if (error === undefined || error instanceof Error) return error;
  return new ExecError(error, `Command ${show(command)} was faked not to start: ${error}.`);
}

/**
 * Plays a reply to its end.
 * @param takeInput takes standard input, and resolves at its end when there is any
 */
export async function play(
  process: FakeProcess,
  reply: FakeReply,
  takeInput: () => Promise<void>,
): Promise<void> {
  const { ignores = [], holdsPipe = 0, exitCode = 0, signal } = reply;
  process.onSignal((name) => ignores.includes(name));
  const inputTaken = takeInput();
  for (const step of stepsOf(reply)) {
    if (process.ended) return;
    if ("delay" in step) await process.sleep(step.delay);
    else if ("stdout" in step) await process.write("stdout", bytesOf(step.stdout));
    else await process.write("stderr", bytesOf(step.stderr));
  }
  await inputTaken;
  if (holdsPipe > 0 && !process.ended) process.holdPipes(holdsPipe);
  process.end(signal === undefined ? { code: exitCode } : { code: 0, signal });
}

const encoder = new TextEncoder();

function bytesOf(data: string | Uint8Array): Uint8Array {
  return typeof data === "string" ? encoder.encode(data) : data;
}
