/**
 * Reads configuration: which executors there are, of which kind, and what each says.
 * @module
 */
import { show } from "./check.ts";
import { checking, configError, memberOf, typeName } from "./config_error.ts";
import type { DockerKindConfig } from "./docker_kind.ts";
import { ExecError } from "./errors.ts";
import { isRecord, unknownField } from "./fields.ts";
import { type AnyKind, kindOf, parseConfig } from "./kinds.ts";
import type { NativeConfig } from "./native_kind.ts";

/** A definition of commands of this machine. */
export interface NativeDefinition extends NativeConfig {
  /** The kind. */
  kind: "exec.native";
}

/** A definition of commands in containers. */
export interface DockerDefinition extends DockerKindConfig {
  /** The kind. */
  kind: "exec.docker";
}

/** A definition of a kind of one's own, with the fields that its `parse` takes. */
export interface OwnDefinition {
  /** The kind's name, as given to `registerKind`. */
  kind: string;
  /** A field. */
  [field: string]: unknown;
}

/** What one id stands for. */
export type Definition = NativeDefinition | DockerDefinition | OwnDefinition;

/** Definitions whose ids begin alike: `namespace:name`. */
export interface DefinitionGroup {
  /** What the ids begin with. */
  namespace: string;
  /** The definitions, each with the rest of its id. */
  entries: readonly (Definition & {
    /** The rest of the id. */
    name: string;
  })[];
}

/**
 * A whole configuration, as a JSON or YAML file holds it: ids and their definitions, a group, or an array of groups
 * and of definitions that have an `id`.
 */
export type Definitions =
  | { readonly [id: string]: Definition }
  | DefinitionGroup
  | readonly (
    | DefinitionGroup
    | (Definition & {
      /** The whole id. */
      id: string;
    })
  )[];

/** A definition that was checked. */
export interface ParsedDefinition {
  readonly id: string;
  readonly kind: AnyKind;
  /** What the kind's `parse` gave. */
  readonly config: unknown;
  /** Where it stands in the configuration. */
  readonly path: string;
}

const NAME = /^[\w.-]+$/;
const ID = /^[\w.-]+:[\w.-]+$/;
const GROUP: readonly (keyof DefinitionGroup)[] = ["namespace", "entries"];
/** Lets an editor find the schema; says nothing. */
const SCHEMA = "$schema";

/** Refuses what is no id. */
export function checkId(id: unknown, path = ""): asserts id is string {
  if (typeof id === "string" && ID.test(id)) return;
  const problem = id === undefined ? "an id is missing" : `${show(id)} is no id of an executor`;
  throw invalidId(path, `${problem}: write it as in "app:exec".`);
}

/**
 * Checks a whole configuration, and changes nothing.
 * @throws {ExecError} `invalid_option`, `invalid_id` or `executor_exists`, with the path to what is wrong
 */
export function parseDefinitions(value: unknown): ParsedDefinition[] {
  const parsed = checking("", () => Array.isArray(value) ? parseArray(value) : parseObject(value));
  const paths = new Map<string, string>();
  for (const { id, path } of parsed) {
    const before = paths.get(id);
    if (before !== undefined) {
      const message = `${path}: executor ${show(id)} is defined already by ${before}: give one another id.`;
      throw new ExecError("executor_exists", message, { details: { path, id } });
    }
    paths.set(id, path);
  }
  return parsed;
}

/** Checks one definition. */
export function parseDefinition(id: unknown, value: unknown): ParsedDefinition {
  checkId(id);
  const path = memberOf("", id);
  return checking(path, () => parseOne(id, asRecord(value, path), path));
}

function parseArray(value: readonly unknown[]): ParsedDefinition[] {
  return Array.from(value, (item, index) => {
    const path = memberOf("", index);
    const record = asRecord(item, path);
    if (isGroup(record)) return parseGroup(record, path);
    const { id, ...rest } = record;
    checkId(id, memberOf(path, "id"));
    return [parseOne(id, rest, path)];
  }).flat();
}

function parseObject(value: unknown): ParsedDefinition[] {
  const { [SCHEMA]: _, ...record } = asRecord(value, "");
  if (isGroup(record)) return parseGroup(record, "");
  return Object.entries(record).map(([id, item]) => {
    const path = memberOf("", id);
    checkId(id, path);
    return parseOne(id, asRecord(item, path), path);
  });
}

function isGroup(record: Readonly<Record<string, unknown>>): boolean {
  return GROUP.some((name) => Object.hasOwn(record, name));
}

function parseGroup(record: Readonly<Record<string, unknown>>, path: string): ParsedDefinition[] {
  const { [SCHEMA]: _, namespace, entries, ...rest } = record;
  for (const key of Object.keys(rest)) throw unknownField(memberOf(path, key), key, GROUP);
  checkName(namespace, memberOf(path, "namespace"));
  const list = memberOf(path, "entries");
  if (!Array.isArray(entries)) {
    throw configError(list, `expected an array of definitions, got ${show(entries)}.`);
  }
  return Array.from(entries as readonly unknown[], (entry, index) => {
    const at = memberOf(list, index);
    const { name, ...config } = asRecord(entry, at);
    checkName(name, memberOf(at, "name"));
    return parseOne(`${namespace}:${name}`, config, at);
  });
}

function parseOne(id: string, record: Readonly<Record<string, unknown>>, path: string): ParsedDefinition {
  const { kind: name, ...config } = record;
  const kind = kindOf(name, path);
  return { id, kind, config: parseConfig(kind, config, path), path };
}

function asRecord(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (isRecord(value)) return value;
  throw configError(path, `expected an object as JSON has it, got ${typeName(value)}.`);
}

function checkName(name: unknown, path: string): asserts name is string {
  if (typeof name === "string" && NAME.test(name)) return;
  throw invalidId(path, `expected a name of letters, digits, "_", "." and "-", got ${show(name)}.`);
}

function invalidId(path: string, problem: string): ExecError {
  return new ExecError("invalid_id", path === "" ? problem : `${path}: ${problem}`, { details: { path } });
}
