/**
 * Values of a reply and of a script, checked.
 * @module
 */
import { invalidOption, show } from "../../check.ts";

const encoder = new TextEncoder();

/** Bytes of one's own, out of what a test gave. */
export function toBytes(name: string, data: string | Uint8Array): Uint8Array {
  if (typeof data === "string") return encoder.encode(data);
  if (data instanceof Uint8Array) return new Uint8Array(data);
  throw invalidOption(name, `must be a string or a Uint8Array, got ${show(data)}.`);
}

/** An exit code. */
export function checkExitCode(code: number): number {
  if (Number.isInteger(code) && code >= 0 && code <= 255) return code;
  throw invalidOption("exitCode", `must be a whole number from 0 to 255, got ${show(code)}.`);
}
