/**
 * The fields of a configuration: one table says how each is checked, and what the JSON Schema says of it.
 * @module
 */
import { show } from "./check.ts";
import { parseCommand } from "./command.ts";
import { checking, configError, memberOf, typeName } from "./config_error.ts";
import { nearest } from "./nearest.ts";

/** A JSON Schema, or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** One field: what it may hold. */
export interface Field<T> {
  /** What the JSON Schema says of it. */
  readonly schema: JsonSchema;
  /** Checks a value and gives a copy of it. */
  parse(value: unknown, path: string): T;
}

/** A table with every field of a configuration. */
export type Fields<Config> = { readonly [Name in keyof Config]-?: Field<Exclude<Config[Name], undefined>> };

/** A path, a name: any string but an empty one. */
export function text(description: string): Field<string> {
  return {
    schema: { type: "string", minLength: 1, description },
    parse: (value, path) => {
      if (typeof value !== "string") throw configError(path, `expected a string, got ${show(value)}.`);
      if (value === "") throw configError(path, `expected a string that is not empty: leave the field out.`);
      if (value.includes("\0")) {
        throw configError(path, `must not contain a NUL character, got ${show(value)}.`);
      }
      return value;
    },
  };
}

/** Environment variables. Messages name them, and show no value, nor what was given in their place. */
export function environment(description: string): Field<Readonly<Record<string, string>>> {
  return {
    schema: {
      type: "object",
      propertyNames: { pattern: "^[^=\\u0000]+$" },
      additionalProperties: { type: "string" },
      description,
    },
    parse: (value, path) => {
      if (!isRecord(value)) {
        throw configError(path, `expected an object of names and values, got ${typeName(value)}.`);
      }
      const set = Object.entries(value).filter(([, each]) => each !== undefined);
      for (const [name, each] of set) {
        if (!/^[^=\0]+$/.test(name)) {
          const shown = show(name.replace(/=.*/s, "=…"));
          throw configError(path, `the name ${shown} must not be empty or contain "=" or a NUL character.`);
        }
        const at = memberOf(path, name);
        if (typeof each !== "string") {
          throw configError(at, `expected a string, got ${typeName(each)}: put it in quotes.`);
        }
        if (each.includes("\0")) throw configError(at, `must not contain a NUL character.`);
      }
      return Object.freeze(Object.fromEntries(set as [string, string][]));
    },
  };
}

/** A list of whole commands, as words. */
export function commands(description: string): Field<readonly (readonly string[])[]> {
  const command = { type: "string", minLength: 1, description: "Split into words as POSIX shells quote." };
  const words = {
    type: "array",
    items: { type: "string" },
    minItems: 1,
    description: "The words as they are.",
  };
  return {
    schema: { type: "array", items: { anyOf: [command, words] }, description },
    parse: (value, path) => {
      if (!Array.isArray(value)) {
        throw configError(
          path,
          `expected an array of commands, got ${show(value)}. An empty one allows nothing.`,
        );
      }
      return Object.freeze(Array.from(value, (entry, index) => wordsOf(entry, memberOf(path, index))));
    },
  };
}

function wordsOf(entry: unknown, path: string): readonly string[] {
  if (typeof entry === "string") return checking(path, () => parseCommand(entry));
  if (!Array.isArray(entry)) {
    const way = "write the command as one string, or as an array of its words";
    throw configError(path, `expected a string, got ${show(entry)}: ${way}.`);
  }
  const words = Array.from(entry as unknown[]);
  const wrong = words.findIndex((word) => typeof word !== "string");
  if (wrong < 0) return checking(path, () => parseCommand(words as string[]));
  throw configError(memberOf(path, wrong), `expected a string, got ${show(words[wrong])}.`);
}

/**
 * Checks what a configuration says against a table: each field under its own name or the same in snake_case.
 * @throws {ExecError} `invalid_option` with the path to what is wrong
 */
export function parseFields<Config>(config: object, fields: Fields<Config>, path: string): Config {
  const names = Object.keys(fields) as (keyof Config & string)[];
  const known = new Map(names.flatMap((name) => [[name, name], [snakeCase(name), name]]));
  const parsed: Partial<Config> = {};
  for (const [key, value] of Object.entries(config)) {
    if (value === undefined) continue;
    const at = memberOf(path, key);
    const name = known.get(key);
    if (name === undefined) throw unknownField(at, key, names);
    if (Object.hasOwn(parsed, name)) {
      throw configError(at, `is ${name} a second time: keep one of the two spellings.`);
    }
    parsed[name] = fields[name].parse(value, at);
  }
  return Object.freeze(parsed) as Config;
}

/** The error for a field that there is not, with the nearest that there is. */
export function unknownField(path: string, key: string, known: readonly string[]): Error {
  const near = nearest(key, [...known, ...known.map(snakeCase)]);
  const hint = near === undefined ? `known fields are ${known.join(", ")}` : `did you mean "${near}"?`;
  return configError(path, `unknown field; ${hint}${near === undefined ? "." : ""}`);
}

/** The spelling of a name that configuration files often have: `default_env` for `defaultEnv`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Whether a value is an object of names and values: no array, no Map, no promise that nobody waited for. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && Object.prototype.toString.call(value) === "[object Object]";
}
