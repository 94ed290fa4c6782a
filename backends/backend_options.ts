/**
 * Checks what a backend is given.
 * @module
 */
import { ExecError } from "../src/errors.ts";

/**
 * Options that are either on or off.
 * @throws {ExecError} `invalid_option`, naming the option and the value
 */
export function checkSwitches<Name extends string>(
  options: { readonly [name in Name]?: boolean },
  names: readonly Name[],
): Record<Name, boolean> {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new ExecError("invalid_option", `Options of a backend must be an object, got ${String(options)}.`);
  }
  const given = options as Record<string, unknown>;
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!(names as readonly string[]).includes(name)) {
      throw invalid(name, `is unknown here: known options are ${names.join(", ")}.`);
    }
    if (typeof value !== "boolean") {
      throw invalid(name, `must be true or false, got ${JSON.stringify(value)}.`);
    }
  }
  return Object.fromEntries(names.map((name) => [name, given[name] === true])) as Record<Name, boolean>;
}

function invalid(option: string, problem: string): ExecError {
  return new ExecError("invalid_option", `Option "${option}" ${problem}`, { details: { option } });
}
