/**
 * Checks what should be a backend.
 * @module
 */
import type { Backend } from "../backend.ts";
import { invalidOption, show } from "../check.ts";

/** A backend, or nothing. */
export function checkBackend(name: string, value: Backend | undefined): Backend | undefined {
  if (value === undefined || typeof value?.spawn === "function") return value;
  throw invalidOption(name, `must be a Backend, got ${show(value)}.`);
}
