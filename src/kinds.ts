/**
 * The kinds of definitions: what each may say, and what its executors are made of.
 * @module
 */
import { show } from "./check.ts";
import { checking, configError, memberOf } from "./config_error.ts";
import { ignore, isPromise } from "./deferred.ts";
import { createDocker, parseDocker } from "./docker_kind.ts";
import { ExecError } from "./errors.ts";
import type { ExecutorOptions } from "./executor.ts";
import { createNative, parseNative } from "./native_kind.ts";
import { nearest } from "./nearest.ts";
import { processWide } from "./process_wide.ts";

/** A kind of definitions of one's own, for {@linkcode registerKind}. */
export interface Kind<Config = unknown> {
  /**
   * Checks what a definition says, when it is defined or loaded; what it throws refuses the definition, and its
   * message is told with the path to the definition.
   * @param config the definition without its `kind`, and without its name
   * @returns what `create` gets: a checked copy, never a promise
   */
  parse(config: Readonly<Record<string, unknown>>): Config;
  /**
   * Says what the executors of a definition are made of; called once, when the first of them is asked for, and again
   * after a failure. Policies and listeners of the registry come on top of those it names, and none of them is asked
   * less for it. A backend it makes belongs to the definition, and is disposed of with it.
   * @param config what `parse` gave
   */
  create(config: Config): ExecutorOptions | Promise<ExecutorOptions>;
}

/** A kind as this package sees it: its own kinds say exactly which field is wrong. */
export interface AnyKind {
  parse(config: Readonly<Record<string, unknown>>, path: string): unknown;
  create(config: unknown): ExecutorOptions | Promise<ExecutorOptions>;
}

const BUILT_IN: ReadonlyMap<string, AnyKind> = new Map([
  ["exec.native", { parse: parseNative, create: createNative } as AnyKind],
  ["exec.docker", { parse: parseDocker, create: createDocker } as AnyKind],
]);

/** Shared by all copies of this package, as the registry is. */
const registered = processWide("kinds.1", () => new Map<string, AnyKind>());

/**
 * Adds a kind of definitions beside `exec.native` and `exec.docker`, for every registry of this process.
 *
 * @param kind its name: letters, digits, `_`, `.` and `-`
 * @param implementation how its definitions are checked, and what their executors are made of
 * @throws {ExecError} `invalid_option` when the name is malformed or taken, or the implementation incomplete
 *
 * @example Commands that run with the lowest priority
 * ```ts
 * import { createRegistry, registerKind } from "@polyspawn/polyspawn";
 * import { nodeBackend } from "@polyspawn/polyspawn/node";
 *
 * registerKind("acme.nice", {
 *   parse: ({ adjustment = 10, ...rest }) => {
 *     if (typeof adjustment !== "number") throw new Error("adjustment must be a number");
 *     if (Object.keys(rest).length > 0) throw new Error(`unknown fields ${Object.keys(rest).join(", ")}`);
 *     return { adjustment };
 *   },
 *   create: ({ adjustment }) => {
 *     const inner = nodeBackend();
 *     const nice = ["nice", "-n", String(adjustment)];
 *     return {
 *       inheritEnv: false,
 *       backend: { ...inner, spawn: (request) => inner.spawn({ ...request, argv: [...nice, ...request.argv] }) },
 *     };
 *   },
 * });
 *
 * const registry = createRegistry();
 * registry.define("batch:exec", { kind: "acme.nice", adjustment: 15 });
 * const executor = await registry.get("batch:exec");
 * console.log((await executor.output("nice")).stdoutText()); // 15
 * await registry.close();
 * ```
 */
export function registerKind<Config>(kind: string, implementation: Kind<Config>): void {
  if (typeof kind !== "string" || !/^[\w.-]+$/.test(kind)) {
    throw kindError(kind, `must be a name of letters, digits, "_", "." and "-".`);
  }
  if (typeof implementation?.parse !== "function" || typeof implementation.create !== "function") {
    throw kindError(kind, `needs an implementation with "parse" and "create", got ${show(implementation)}.`);
  }
  // The same again is what a module does that is loaded twice.
  const taken = BUILT_IN.get(kind) ?? registered.get(kind);
  if (taken !== undefined && taken !== implementation) {
    throw kindError(kind, "is registered already: choose another name.");
  }
  registered.set(kind, implementation as AnyKind);
}

/**
 * The kind of a name.
 * @param path where the definition that names it stands
 * @throws {ExecError} `invalid_option` for one that there is not
 */
export function kindOf(name: unknown, path: string): AnyKind {
  const at = memberOf(path, "kind");
  const names = [...new Set([...BUILT_IN.keys(), ...registered.keys()])];
  if (name === undefined) {
    throw configError(at, `is missing: name one of ${names.join(", ")}.`);
  }
  if (typeof name !== "string") throw configError(at, `expected a string, got ${show(name)}.`);
  const kind = BUILT_IN.get(name) ?? registered.get(name);
  if (kind) return kind;
  const near = nearest(name, names);
  const hint = near === undefined ? `known kinds are ${names.join(", ")}.` : `did you mean "${near}"?`;
  throw configError(at, `there is no kind ${show(name)}; ${hint} Own kinds need registerKind first.`);
}

/** Checks a definition's fields by its kind. */
export function parseConfig(kind: AnyKind, config: Readonly<Record<string, unknown>>, path: string): unknown {
  const parsed = checking(path, () => kind.parse(config, path));
  if (!isPromise(parsed)) return parsed;
  parsed.then(ignore, ignore);
  throw configError(path, `its kind's "parse" answered with a promise: it must check at once.`);
}

function kindError(kind: unknown, problem: string): ExecError {
  return new ExecError("invalid_option", `Kind ${show(kind)} ${problem}`, { details: { kind } });
}
