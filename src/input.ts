/**
 * What standard input is fed with when a whole command is run.
 * @module
 */
import { invalidOption, show } from "./check.ts";

/** What standard input is fed with; text is sent as UTF-8. */
export type Input = string | Uint8Array | AsyncIterable<Uint8Array>;

/** Refuses what standard input can't be fed with. */
export function checkInput(input: Input | undefined): void {
  if (input === undefined || typeof input === "string" || input instanceof Uint8Array) return;
  if (typeof input === "object" && input !== null && typeof input[Symbol.asyncIterator] === "function") {
    return;
  }
  throw invalidOption(
    "input",
    `must be a string, a Uint8Array or an async iterable of them, got ${show(input)}.`,
  );
}
