/**
 * The few assertions the suite needs, so that it runs under any test framework.
 * @module
 */
import { after, systemClock } from "../../clock.ts";
import type { ExecError } from "../../errors.ts";
import { type ExecErrorKind, isExecError } from "../../errors.ts";

/** What an assertion that does not hold throws. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/** Fails. */
export function fail(message: string): never {
  throw new AssertionError(message);
}

/** Something must be so. */
export function ok(value: unknown, what: string): asserts value {
  if (!value) fail(`${what}: it is not so.`);
}

/** Two values must be the same; objects count as the same when their JSON is. */
export function equal<T>(actual: T, expected: T, what: string): void {
  if (Object.is(actual, expected)) return;
  if (typeof expected === "object" && JSON.stringify(actual) === JSON.stringify(expected)) return;
  const [want, got] = typeof expected === "string" && typeof actual === "string"
    ? fromDifference(expected, actual)
    : [expected, actual];
  fail(`${what}: expected ${show(want)}, got ${show(got)}.`);
}

/** Two environments, as lines of `NAME=value`, must be the same; a failure names variables, never their values. */
export function sameEnvironment(actual: readonly string[], expected: readonly string[]): void {
  const names = (lines: readonly string[], without: readonly string[]) => {
    const found = lines.filter((line) => !without.includes(line)).map((line) => line.split("=")[0]);
    return found.length > 0 ? found.join(", ") : "none";
  };
  const [missing, unexpected] = [names(expected, actual), names(actual, expected)];
  if (missing === "none" && unexpected === "none" && actual.length === expected.length) return;
  fail(`the environment: missing or different are ${missing}, not expected are ${unexpected}.`);
}

/** A text must have another in it. */
export function includes(text: string, part: string, what: string): void {
  if (!text.includes(part)) fail(`${what}: expected ${show(part)} in ${show(text)}.`);
}

/** Two arrays of bytes must be equal; a difference is told by its place, because arrays are long. */
export function sameBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  const place = actual.findIndex((byte, i) => byte !== expected[i]);
  if (place < 0 && actual.length === expected.length) return;
  const where = place < 0 ? "" : `, and at ${place} a ${actual[place]} instead of ${expected[place]}`;
  fail(`${what}: expected ${expected.length} bytes, got ${actual.length}${where}.`);
}

/** Bytes must be one text over and over, to a length; a chunk lost, doubled or out of place is told by where. */
export function repeats(bytes: Uint8Array, text: string, length: number, what: string): void {
  equal(bytes.length, length, `the length of ${what}`);
  const unit = new TextEncoder().encode(text);
  for (let i = 0, at = 0; i < bytes.length; i++, at = at + 1 === unit.length ? 0 : at + 1) {
    if (bytes[i] !== unit[at]) fail(`${what}: the byte at ${i} is ${bytes[i]} instead of ${unit[at]}.`);
  }
}

/** A promise must reject with an `ExecError` of this reason, which must be of the kind that belongs to it. */
export async function rejects(
  promise: Promise<unknown>,
  reason: string,
  kind?: ExecErrorKind,
): Promise<ExecError> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return expectError(error, reason, kind);
  }
  fail(`expected a rejection with "${reason}", but it resolved with ${show(value)}.`);
}

/** A call must throw an `ExecError` of this reason. */
export function throws(call: () => unknown, reason: string): ExecError {
  let value: unknown;
  try {
    value = call();
  } catch (error) {
    return expectError(error, reason, undefined);
  }
  fail(`expected an error "${reason}", but the call returned ${show(value)}.`);
}

function expectError(error: unknown, reason: string, kind: ExecErrorKind | undefined): ExecError {
  if (!isExecError(error)) fail(`expected an ExecError "${reason}", got ${String(error)}.`);
  if (error.reason !== reason) fail(`expected reason "${reason}", got "${error.reason}": ${error.message}`);
  if (kind !== undefined) equal(error.kind, kind, `the kind of "${reason}"`);
  return error;
}

/** A promise must settle in time; a hang then says what was waited for. */
export async function within<T>(ms: number, promise: Promise<T>, what: string): Promise<T> {
  let cancel = (): void => {};
  const late = new Promise<never>((_, reject) => {
    cancel = after(systemClock, ms, () => reject(new AssertionError(`waited ${ms} ms in vain for ${what}.`)));
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    cancel();
  }
}

/** Two long texts from shortly before where they part. */
function fromDifference(one: string, other: string): [string, string] {
  let same = 0;
  while (same < one.length && one[same] === other[same]) same++;
  const start = same > 100 ? same - 40 : 0;
  const from = (text: string) => start > 0 ? `… ${text.slice(start)}` : text;
  return [from(one), from(other)];
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 400 ? `${text.slice(0, 200)} … ${text.slice(-150)}` : text;
}
