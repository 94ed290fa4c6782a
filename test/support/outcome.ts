/**
 * What became of a call, as a value to compare.
 */
import { expect } from "vitest";
import { ExecError } from "../../src/errors.ts";
import { settle } from "./manual_clock.ts";

/**
 * The error a call fails with, whether it throws or rejects; anything but an ExecError fails the test.
 */
export async function failure(action: Promise<unknown> | (() => unknown)): Promise<ExecError> {
  let value: unknown;
  try {
    value = await (typeof action === "function" ? action() : action);
  } catch (error) {
    expect(error).toBeInstanceOf(ExecError);
    return error as ExecError;
  }
  throw new Error(`Nothing failed; the answer was ${String(value)}.`);
}

/**
 * What a call comes to without any time passing: its answer, the reason it fails with, or `"(pending)"`. Only a
 * method that is documented to throw may throw at once: `"throws REASON"`.
 */
export async function outcome(action: () => unknown): Promise<unknown> {
  let result: unknown = "(pending)";
  try {
    Promise.resolve(action()).then((value) => result = value, (error) => result = reasonOf(error));
  } catch (error) {
    return `throws ${reasonOf(error)}`;
  }
  await settle();
  return result;
}

function reasonOf(error: unknown): string {
  return error instanceof ExecError ? error.reason : `${String(error)}, which is no ExecError`;
}
