/**
 * Holds what was seen of a process against its plan, and against what the process itself noted.
 * @module
 */
import process from "node:process";
import { checksum, firstDifference, type Text, textBytes } from "./pattern.ts";
import { holdsPipes, type Plan, TERM_CODE } from "./plan.ts";
import type { Read, Seen } from "./perform.ts";
import { runsWith, type Slot } from "./slots.ts";
import { Tail } from "../../src/tail.ts";
import { signalNumber } from "../../src/signals.ts";

/** A write that failed: the reader was gone. See child.c. */
const CODE_AFTER_FAILED_WRITE = 90;
/** What a stream nobody asked for keeps. */
const KEPT = 1 << 20;

/** What is wrong with what was seen; nothing, when all promises were kept. */
export function verify(plan: Plan, seen: Seen, slot: Slot, mark: string): string[] {
  const problems: string[] = [];
  const expect = (good: boolean, problem: string) => good || problems.push(problem);
  if (plan.missing) {
    const { reason, events = [] } = seen;
    const told = `pid ${slot.pid}, reason ${reason}, events: ${events}`;
    expect(
      slot.pid === 0 && reason === "command_not_found" && events.length === 0,
      `a missing command: ${told}`,
    );
    return problems;
  }
  checkEnd(plan, seen, slot, expect);
  checkEvents(plan, seen, slot, expect);
  if (plan.action.how === "aborted") {
    expect(slot.pid === 0, "a command ran although its signal was aborted before");
  } else if (!givenUp(seen)) checkBytes(plan, seen, slot, expect);
  checkInput(plan, slot, expect);
  if (!looksLater(plan, seen)) checkLeft(plan, slot, mark, expect);
  return problems;
}

/** Whether it was ended before it had been seen to run: then nobody could ask for its output. */
export function givenUp({ events = [], reason, result }: Seen): boolean {
  // A run that had to answer before it had come so far; what it started is ended after that.
  if (result && reason !== undefined && !result.complete && result.durationMs >= 900) return true;
  const at = events.findIndex((type) => type === "timeout" || type === "canceled");
  const spawn = events.indexOf("spawn");
  return reason !== undefined && at >= 0 && (spawn < 0 || at < spawn);
}

/**
 * Whether what is left is looked at when all is over: a run answers in time, also when what it has killed had no time to
 * die yet, and so does close, with false.
 */
export function looksLater(plan: Plan, seen: Seen): boolean {
  return givenUp(seen) || seen.closed === false || (plan.api === "run" && seen.reason !== undefined);
}

function checkEvents(plan: Plan, seen: Seen, slot: Slot, expect: Expect): void {
  if (plan.api === "run" && givenUp(seen)) return;
  const { events = [] } = seen;
  const times = (type: string) => events.filter((each) => each === type).length;
  const told = `events: ${events}`;
  if (slot.pid !== 0) expect(times("spawn") === 1, `not told of its start: ${told}`);
  // One that was given up is ended after its call is over.
  if (!givenUp(seen)) expect(times("exit") === times("spawn"), `not told of its exit: ${told}`);
  const interruptions = { timed_out: "timeout", canceled: "canceled" } as Record<string, string>;
  const expected = interruptions[seen.reason ?? ""];
  if (expected) expect(times(expected) === 1, `not told why it ended: ${told}`);
  expect(times("timeout") + times("canceled") === (expected ? 1 : 0), `interrupted, and no error: ${told}`);
  // Once by the timeout and once by close, where the first had to give up.
  expect(times("killed") <= 2 || plan.api !== "spawn", `killed again and again: ${told}`);
}

type Expect = (good: boolean, problem: string) => unknown;

function checkEnd(plan: Plan, seen: Seen, slot: Slot, expect: Expect): void {
  const { action } = plan;
  const { exitCode, signal, reason } = seen;
  const told = `exit code ${exitCode}, signal ${signal}, reason ${reason}`;
  if (plan.maxBuffer !== undefined) return void expect(reason === "buffer_exceeded", `no overflow: ${told}`);
  if (action.how === "aborted") return void expect(reason === "canceled", `not canceled: ${told}`);
  const interrupted = { timeout: "timed_out", abort: "canceled" }[action.how as string];
  if (reason !== undefined) {
    expect(reason === interrupted, `an error nobody asked for: ${told}`);
    if (plan.api === "spawn" && exitCode !== undefined) {
      const flags = { timed_out: seen.timedOut, canceled: seen.canceled } as Record<
        string,
        boolean | undefined
      >;
      expect(flags[reason] === true, `its exit status says nothing of it: ${told}`);
    }
  } else {
    expect(exitCode !== undefined, `neither an exit code nor an error: ${told}`);
    expect(!seen.timedOut && !seen.canceled, `interrupted, and no error: ${told}`);
  }
  if (exitCode === undefined || exitCode === -1) {
    return void expect(reason !== undefined, `no exit status: ${told}`);
  }
  const number = signal === undefined ? undefined : signalNumber(signal as "SIGTERM");
  expect(number === undefined || exitCode === 128 + number, `signal and exit code differ: ${told}`);
  const ended = signal ?? exitCode;
  if (missedRealtime(plan, seen)) return;
  expect(ends(plan, slot).has(ended), `ended otherwise than planned (${[...ends(plan, slot)]}): ${told}`);
}

/** Whether a death by a real-time signal was taken for a success, as Node and Bun can't always tell (GOTCHAS.md). */
export function missedRealtime({ end }: Plan, { exitCode, signal, reason }: Seen): boolean {
  const deno = "Deno" in globalThis;
  return !deno && end.how === "signal" && end.number > 31 && exitCode === 0 && signal === undefined &&
    !reason;
}

/** All ends that the plan allows: exit codes, and names of signals. */
function ends(plan: Plan, slot: Slot): Set<string | number> {
  const { end, action, reader } = plan;
  const allowed = new Set<string | number>();
  if (end.how === "exit" && slot.reachedEnd) allowed.add(end.code);
  if (end.how === "signal" && slot.reachedEnd) {
    allowed.add(end.number > 31 ? 128 + end.number : nameOf(end.number));
  }
  const ended = action.how === "timeout" || action.how === "abort" || action.how === "close";
  if (ended || action.how === "kill") allowed.add("SIGKILL");
  if (action.how === "signal") allowed.add(action.signal);
  if (ended || (action.how === "signal" && action.signal === "SIGTERM")) {
    allowed.add("SIGTERM");
    if (plan.onTerm === "exits" && slot.reachedEnd) allowed.add(TERM_CODE);
  }
  if (action.how === "signal" && plan.onTerm !== "dies" && action.signal === "SIGTERM" && slot.pid !== 0) {
    if (plan.onTerm === "ignores") allowed.delete("SIGTERM");
  }
  // Before it has set its traps, SIGTERM kills it.
  if (ended || action.how === "signal") allowed.add(action.how === "signal" ? action.signal : "SIGTERM");
  if (reader === "stops") {
    allowed.add("SIGPIPE");
    if (slot.failedWrite !== 0) allowed.add(CODE_AFTER_FAILED_WRITE);
  }
  return allowed;
}

function nameOf(number: number): string {
  return NAMES.find((name) => signalNumber(name) === number) ?? `signal ${number}`;
}
const NAMES = ([
  ..."HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM XCPU XFSZ SYS".split(" "),
].map((name) => `SIG${name}`)) as "SIGTERM"[];

function checkBytes(plan: Plan, seen: Seen, slot: Slot, expect: Expect): void {
  const { out, err, merge, late } = plan;
  if (seen.out) {
    const atLeast = late > 0 ? slot.outAtExit : slot.out;
    checkStream("stdout", plan, seen, seen.out, { ...out, size: out.size + late }, atLeast, slot.out, expect);
  }
  if (seen.err && !merge) checkStream("stderr", plan, seen, seen.err, err, slot.err, slot.err, expect);
  if (seen.result) checkResult(plan, seen, expect);
}

function checkStream(
  name: string,
  plan: Plan,
  seen: Seen,
  { bytes: given, complete, reason }: Read,
  text: Plan["out"],
  atLeast: number,
  written: number,
  expect: Expect,
): void {
  const bytes = plan.reader === "lines" && name !== "merged" ? withoutAdded(given, text, written) : given;
  const wrong = firstDifference(bytes, text);
  expect(wrong === undefined, `${name} differs from what was written at byte ${wrong} of ${bytes.length}`);
  const told = `${name}: ${bytes.length} bytes read, ${written} written, ${text.size} planned`;
  const stops = plan.reader === "stops" && name === "stdout";
  if (stops || plan.maxBuffer !== undefined) return;
  if (plan.reader === "afterwards" && written > KEPT) {
    return void expect(
      reason === "buffer_exceeded" && bytes.length === KEPT,
      `${told}; reading ended: ${reason}`,
    );
  }
  if (reason !== undefined) return void expect(seen.reason === reason, `${told}; reading failed: ${reason}`);
  expect(bytes.length >= atLeast, `${told}: bytes were lost`);
  // A write that a signal cut short is on its way, but not noted.
  const most = written + (plan.end.how === "never" || plan.action.how !== "nothing" ? text.chunk : 0);
  expect(bytes.length <= Math.max(most, atLeast) || plan.late > 0, `${told}: more than was written`);
  if (plan.action.how === "nothing" && plan.late === 0 && plan.reader !== "stops") {
    expect(bytes.length === text.size, `${told}: not all that was planned`);
    const held = holdsPipes(plan.descendant);
    if (!held) expect(complete, `${told}: not complete, though nobody held the pipe`);
    else expect(!complete || plan.api === "run", `${told}: complete, though a descendant held the pipe`);
  }
}

/** `lines` tells no newline at the end from none. */
function withoutAdded(bytes: Uint8Array, text: Text, written: number): Uint8Array {
  const last = bytes.length - 1;
  const added = bytes.length > written || firstDifference(bytes.subarray(last), text, last) !== undefined;
  return last >= 0 && added ? bytes.subarray(0, last) : bytes;
}

function checkResult(plan: Plan, { result, out }: Seen, expect: Expect): void {
  const bytes = out!.bytes;
  expect(
    result!.totalBytes === bytes.length,
    `totalBytes is ${result!.totalBytes}, the tee got ${bytes.length}`,
  );
  const tail = new Tail(Infinity);
  tail.push(bytes);
  const whole = tail.text().output;
  const { output, truncated } = result!;
  const kept = truncated ? output.slice(output.indexOf("\n") + 1) : output;
  expect(truncated === (bytes.length > plan.portion), `truncated is ${truncated} for ${bytes.length} bytes`);
  expect(
    whole.endsWith(kept) && kept.length <= plan.portion,
    `its output is not the end of what was written`,
  );
  expect(truncated || kept === whole, `its output is not all that was written`);
}

function checkInput({ input, action }: Plan, slot: Slot, expect: Expect): void {
  const { how, size, taken } = input;
  if (how === "none" || slot.read === 0) return;
  expect(slot.read <= size, `${slot.read} bytes read of an input of ${size}`);
  const hash = checksum(textBytes(input, slot.read));
  expect(hash === slot.hash, `the ${slot.read} bytes read of the input are others than were written`);
  if (taken === "all" && slot.reachedEnd && action.how === "nothing") {
    expect(slot.read === size && slot.endOfInput, `only ${slot.read} bytes read of an input of ${size}`);
  }
}

/** What is left of it; ends what was meant to be left, so that the suite leaves nothing. */
export function checkLeft(plan: Plan, slot: Slot, mark: string, expect: Expect): void {
  const running = [slot.pid, ...slot.descendants].filter((pid) => pid !== 0 && runsWith(pid, mark));
  const mayStay = plan.keepBackground || plan.descendant.startsWith("session");
  const leftBehind = running.filter((pid) => pid === slot.pid || !mayStay);
  expect(
    leftBehind.length === 0,
    `still running: ${leftBehind.map((pid) => pid === slot.pid ? "itself" : "a descendant")}`,
  );
  for (const pid of running) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // Gone meanwhile.
    }
  }
}
