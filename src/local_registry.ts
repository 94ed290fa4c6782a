/**
 * The registry behind {@linkcode exec}: who may have which executor.
 * @module
 */
import { askPolicy } from "./ask_policy.ts";
import { checkOptions, show } from "./check.ts";
import { DefinedExecutor, ExecutorScope } from "./defined_executor.ts";
import {
  checkId,
  type Definition,
  type Definitions,
  type ParsedDefinition,
  parseDefinition,
  parseDefinitions,
} from "./definitions.ts";
import { ExecError } from "./errors.ts";
import { emitTo } from "./events.ts";
import type { Executor } from "./executor.ts";
import { type ExecutorSettings, resolveExecutorOptions } from "./executor_settings.ts";
import { nearest } from "./nearest.ts";
import { processWide } from "./process_wide.ts";
import type { Registry, RegistryOptions } from "./registry.ts";

const REGISTRY_OPTIONS: readonly (keyof RegistryOptions)[] = [
  "policy",
  "policyTimeout",
  "onEvent",
  "backend",
  "killGrace",
  "handleSignals",
  "clock",
];

/**
 * Makes a registry apart from the process-wide {@linkcode exec}.
 * @param options as of `configure`, which may not be called then any more
 * @throws {ExecError} `invalid_option`, naming the option and the value
 */
export function createRegistry(options?: RegistryOptions): Registry {
  const registry = new LocalRegistry();
  if (options !== undefined) registry.configure(options);
  return registry;
}

class LocalRegistry implements Registry {
  readonly #defined = new Map<string, DefinedExecutor>();
  #options: RegistryOptions = {};
  /** Made when it is first needed: importing the package should cost next to nothing. */
  #settings: ExecutorSettings | undefined;
  #scope = new ExecutorScope();
  #closing: Promise<void> = Promise.resolve();
  #tooLate: string | undefined;

  configure(options: RegistryOptions): void {
    const given = { ...checkOptions(options, REGISTRY_OPTIONS) };
    if (this.#tooLate !== undefined) {
      throw new ExecError(
        "invalid_option",
        `This registry ${this.#tooLate}: configure it once, before its first get.`,
      );
    }
    this.#settings = resolveExecutorOptions(given);
    this.#options = given;
    this.#tooLate = "was configured already";
  }

  define(id: string, definition: Definition): void {
    this.#add([parseDefinition(id, definition)]);
  }

  load(definitions: Definitions): string[] {
    return this.#add(parseDefinitions(definitions));
  }

  async get(id: string): Promise<Executor> {
    checkId(id);
    this.#tooLate ??= "has been asked for an executor already";
    const defined = this.#find(id);
    await this.#checkPolicy(id);
    this.#checkStill(id, defined);
    const settings = await defined.settings();
    this.#checkStill(id, defined);
    return defined.open(settings);
  }

  remove(id: string): boolean {
    checkId(id);
    this.#defined.get(id)?.remove();
    return this.#defined.delete(id);
  }

  ids(): string[] {
    return [...this.#defined.keys()];
  }

  async close(): Promise<void> {
    const scope = this.#scope;
    this.#scope = new ExecutorScope();
    this.#defined.clear();
    this.#tooLate = undefined;
    const before = this.#closing;
    const closing = scope.close();
    this.#closing = Promise.allSettled([before, closing]).then(() => {});
    await closing;
    await before;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** All or none of them. */
  #add(parsed: readonly ParsedDefinition[]): string[] {
    for (const { id, path } of parsed) {
      if (!this.#defined.has(id)) continue;
      const message = `Executor ${show(id)} is defined already: remove it first, or take another id.`;
      throw new ExecError("executor_exists", message, { details: { id, path } });
    }
    for (const definition of parsed) {
      this.#defined.set(definition.id, new DefinedExecutor(definition, () => this.#options, this.#scope));
    }
    return parsed.map(({ id }) => id);
  }

  #find(id: string): DefinedExecutor {
    const defined = this.#defined.get(id);
    if (defined) return defined;
    const near = nearest(id, this.ids());
    const hint = near === undefined ? "define or load it first." : `did you mean ${show(near)}?`;
    throw new ExecError("executor_not_found", `There is no executor ${show(id)}: ${hint}`, {
      details: { id },
    });
  }

  /** While a policy thought, or a backend was loaded, it may have been removed, and even defined anew. */
  #checkStill(id: string, defined: DefinedExecutor): void {
    if (this.#defined.get(id) === defined) return;
    const message = `Executor ${
      show(id)
    } was removed while it was asked for: define it before it is asked for.`;
    throw new ExecError("executor_not_found", message, { details: { id } });
  }

  async #checkPolicy(id: string): Promise<void> {
    const settings = this.#settings ??= resolveExecutorOptions(this.#options);
    const denial = await askPolicy(settings, { action: "exec.get", resource: id, executorId: id });
    if (!denial) return;
    const what = { action: "exec.get", resource: id, executorId: id };
    emitTo(settings.onEvent, { type: "denied", time: settings.clock.now(), ...what });
    throw denial;
  }
}

/**
 * The registry of this process: the same one for all modules, also where several copies of this package are loaded.
 *
 * @example
 * ```ts
 * import { exec } from "@polyspawn/polyspawn";
 *
 * exec.configure({ policy: ({ action, argv }) => action === "exec.get" || argv?.[0] === "echo" });
 * exec.define("app:exec", { kind: "exec.native", defaultEnv: { LANG: "C.UTF-8" } });
 *
 * const executor = await exec.get("app:exec");
 * console.log((await executor.output("echo hello")).stdoutText()); // hello
 * await exec.close();
 * ```
 */
export const exec: Registry = processWide("registry.1", () => createRegistry());
