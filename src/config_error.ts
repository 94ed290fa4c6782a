/**
 * What is wrong in a configuration, said with the path to it: `entries[2].commandWhitelist[0]: expected a string`.
 * @module
 */
import { show } from "./check.ts";
import { ExecError, isExecError } from "./errors.ts";

/** The path to a member of what is at `path`. */
export function memberOf(path: string, key: string | number): string {
  if (typeof key === "number") return `${path}[${key}]`;
  if (!/^[A-Za-z_$][\w$-]{0,79}$/.test(key)) return `${path}[${show(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}

/** An `invalid_option` error about what is at `path`; an empty path is the whole configuration. */
export function configError(path: string, problem: string, cause?: unknown): ExecError {
  const message = `${path === "" ? "The configuration" : path}: ${problem}`;
  return new ExecError("invalid_option", message, { cause, details: { path } });
}

/** What kind of value it is, and no more: it may be a secret, or a whole object. */
export function typeName(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  const name = typeof value === "object" ? Object.prototype.toString.call(value).slice(8, -1) : typeof value;
  return `${/^[aeiou]/i.test(name) ? "an" : "a"} ${
    name === "Object" || name === "Array" ? name.toLowerCase() : name
  }`;
}

/**
 * Runs a check that reads foreign values: whatever a getter or a proxy of theirs throws, or somebody's own check, is an
 * error about what is at `path`.
 */
export function checking<T>(path: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (isExecError(error) && error.details["path"] !== undefined) throw error;
    throw configError(path, error instanceof Error ? error.message : `${show(error)} was thrown.`, error);
  }
}
