/**
 * Checks of single values that callers pass, each with an error that names the value and the way out.
 * @module
 */
import { ExecError } from "./errors.ts";
import { nearest } from "./nearest.ts";

/** A value as a message shows it: short, and never a whole object. */
export function show(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length > 80 ? value.slice(0, 77) + "..." : value);
  }
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value === "bigint") return `${value}n`;
  return String(value);
}

/** An `invalid_option` error. */
export function invalidOption(name: string, problem: string): ExecError {
  return new ExecError("invalid_option", `Option "${name}" ${problem}`, { details: { option: name } });
}

/** Refuses names no option has, with the nearest that exists; a key set to `undefined` counts as left out. */
export function checkKeys(options: object, known: readonly string[]): void {
  for (const key of Object.keys(options)) {
    if (known.includes(key) || (options as Record<string, unknown>)[key] === undefined) continue;
    const near = nearest(key, known);
    const hint = near ? `did you mean "${near}"?` : `known options are ${known.join(", ")}.`;
    throw invalidOption(key, `is unknown here: ${hint}`);
  }
}

/** Refuses anything but an object or nothing. */
export function checkOptions<T extends object>(options: T | undefined, known: readonly string[]): T {
  if (options === undefined) return {} as T;
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new ExecError("invalid_option", `Options must be an object, got ${show(options)}.`);
  }
  checkKeys(options, known);
  return options;
}

/** A span of time in ms, zero or more. */
export function checkMs(
  name: string,
  value: number | undefined,
  byDefault: number,
  infinite = false,
): number {
  if (value === undefined) return byDefault;
  if (typeof value === "number" && value >= 0 && (infinite || value !== Infinity)) return value;
  throw invalidOption(
    name,
    `must be a number of milliseconds, 0 or more${infinite ? " or Infinity" : ""}, got ${show(value)}.`,
  );
}

/** A number of bytes, zero or more; `Infinity` is no limit. */
export function checkBytes(name: string, value: number | undefined, byDefault: number): number {
  if (value === undefined) return byDefault;
  if (typeof value === "number" && value >= 0) return value;
  throw invalidOption(name, `must be a number of bytes, 0 or more, or Infinity, got ${show(value)}.`);
}

/** A timeout in ms; `Infinity` is none. */
export function checkTimeout(name: string, value: number | undefined, byDefault = Infinity): number {
  if (value === undefined) return byDefault;
  if (typeof value === "number" && value > 0) return value;
  throw invalidOption(
    name,
    `must be a positive number of milliseconds, or Infinity for none, got ${show(value)}.`,
  );
}

/** A truth value. */
export function checkBoolean(name: string, value: boolean | undefined, byDefault: boolean): boolean {
  if (value === undefined) return byDefault;
  if (typeof value === "boolean") return value;
  throw invalidOption(name, `must be true or false, got ${show(value)}.`);
}

/** One of a few words. */
export function checkOneOf<T extends string>(
  name: string,
  value: T | undefined,
  words: readonly T[],
  byDefault: T,
): T {
  if (value === undefined) return byDefault;
  if (words.includes(value)) return value;
  throw invalidOption(
    name,
    `must be one of ${words.map((word) => `"${word}"`).join(", ")}, got ${show(value)}.`,
  );
}

/** A function, or nothing. */
export function checkFunction<T>(name: string, value: T | undefined): T | undefined {
  if (value === undefined || typeof value === "function") return value;
  throw invalidOption(name, `must be a function, got ${show(value)}.`);
}

/** An AbortSignal, or nothing. */
export function checkAbortSignal(name: string, value: AbortSignal | undefined): AbortSignal | undefined {
  if (value === undefined) return undefined;
  if (typeof value?.aborted === "boolean" && typeof value.addEventListener === "function") return value;
  throw invalidOption(name, `must be an AbortSignal, got ${show(value)}.`);
}
