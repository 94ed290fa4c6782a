/**
 * The registry, as a program sees it: it says once, in configuration, what may be run, where and with what; the rest of
 * it only asks for an executor by its id.
 * @module
 */
import type { Backend } from "./backend.ts";
import type { Clock } from "./clock.ts";
import type { Definition, Definitions } from "./definitions.ts";
import type { ExecEvent } from "./events.ts";
import type { Executor } from "./executor.ts";
import type { Policy } from "./policy.ts";

/** What holds for all executors of a registry; everything may be left out. */
export interface RegistryOptions {
  /** Asked before an executor is given away (`exec.get`), and before every command (`exec.run`); only `true` allows. */
  policy?: Policy;
  /** Time in ms the policy has to answer; no answer by then denies (default: `Infinity`, none). */
  policyTimeout?: number;
  /** Told what happens to processes and requests; what it throws is ignored. */
  onEvent?: (event: ExecEvent) => void;
  /** What starts the processes of `exec.native` (default: the runtime's own); a test gives a fake one. */
  backend?: Backend;
  /** Time between SIGTERM and SIGKILL, in ms (default: 5000). */
  killGrace?: number;
  /** Whether live children are ended when a signal ends the host (default: true). */
  handleSignals?: boolean;
  /** Where time comes from (default: the runtime's timers). */
  clock?: Clock;
}

/**
 * Executors by their ids.
 *
 * @example Say once what may be run, and ask for it
 * ```ts
 * import { createRegistry } from "@polyspawn/polyspawn";
 *
 * const registry = createRegistry();
 * registry.load({ "app:exec": { kind: "exec.native", commandWhitelist: ["echo hello"] } });
 *
 * const executor = await registry.get("app:exec");
 * console.log((await executor.output("echo hello")).stdoutText()); // hello
 * await registry.close();
 * ```
 */
export interface Registry extends AsyncDisposable {
  /**
   * Says what holds for all executors; once, and before the first `get`. After `close` it may be said anew.
   * @param options policy, listener, and defaults
   * @throws {ExecError} `invalid_option` when an option is wrong, or it is said too late or a second time
   */
  configure(options: RegistryOptions): void;
  /**
   * Defines one executor. Nothing is loaded or started before it is asked for.
   * @param id what it is asked for by: two names with a colon between, such as `"app:exec"`
   * @param definition its kind, and what the kind takes
   * @throws {ExecError} `invalid_id`, `executor_exists`, or `invalid_option` with the path to the wrong field
   */
  define(id: string, definition: Definition): void;
  /**
   * Defines all executors of a configuration, or none when anything in it is wrong.
   * @param definitions what a JSON or YAML file parses to
   * @returns the ids that were defined
   * @throws {ExecError} as of `define`
   */
  load(definitions: Definitions): string[];
  /**
   * Gives an executor of one's own: releasing it ends what it started, and no other executor of the same id.
   * @param id what it was defined by
   * @throws {ExecError} A rejection: `invalid_id`, `executor_not_found`, `permission_denied`, or why its kind can't
   * make it
   */
  get(id: string): Promise<Executor>;
  /**
   * Forgets a definition. Executors that were given away work on until they are released.
   * @param id what it was defined by
   * @returns whether there was one
   * @throws {ExecError} `invalid_id`
   */
  remove(id: string): boolean;
  /** The ids there are, in the order they were defined. */
  ids(): string[];
  /**
   * Releases all executors, ends what still runs (unless it was left running by `release`), and forgets all
   * definitions. What was configured stays until it is configured anew.
   * @throws {ExecError} A rejection when a backend can't be disposed of; everything is ended then as well
   */
  close(): Promise<void>;
}
