/**
 * What one definition stands for: the executors it gives away share all that was made of it.
 * @module
 */
import type { Backend } from "./backend.ts";
import { show } from "./check.ts";
import { typeName } from "./config_error.ts";
import { ignore } from "./deferred.ts";
import type { ParsedDefinition } from "./definitions.ts";
import { ExecError, toExecError } from "./errors.ts";
import { allListeners } from "./events.ts";
import type { Executor, ExecutorOptions } from "./executor.ts";
import { type ExecutorSettings, resolveExecutorOptions } from "./executor_settings.ts";
import { isRecord } from "./fields.ts";
import { LocalExecutor } from "./local_executor.ts";
import type { ManagedProcess } from "./managed_process.ts";
import { allOf } from "./policy.ts";

/** What the executors of a registry have in common, from its first definition until it is closed. */
export class ExecutorScope {
  /** Whether nothing is started any more. */
  closed = false;
  /** What runs. Executors are not kept: one that runs nothing may be forgotten without having been released. */
  readonly live: Set<ManagedProcess> = new Set();
  /** What may have a backend to dispose of. */
  readonly defined: Set<DefinedExecutor> = new Set();

  /** Ends all that runs, and disposes of what was made. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.live].map((process) => process.close()));
    const ends = await Promise.allSettled([...this.defined].map((each) => each.dispose()));
    const failed = ends.find((end) => end.status === "rejected");
    if (failed) throw toExecError(failed.reason, "Closing the registry");
  }
}

/** What a definition's executors are made of. */
interface Made {
  readonly settings: ExecutorSettings;
  /** A backend of the kind's own. */
  readonly backend: Backend | undefined;
}

/** One definition in use. */
export class DefinedExecutor {
  readonly #definition: ParsedDefinition;
  readonly #common: () => ExecutorOptions;
  readonly #scope: ExecutorScope;
  #made: Promise<Made> | undefined;
  #open = 0;
  #removed = false;

  /** @param common what its registry says of all executors, once that can't change any more */
  constructor(definition: ParsedDefinition, common: () => ExecutorOptions, scope: ExecutorScope) {
    this.#definition = definition;
    this.#common = common;
    this.#scope = scope;
    scope.defined.add(this);
  }

  /** Makes ready what its executors share; a failure is tried again the next time. */
  async settings(): Promise<ExecutorSettings> {
    this.#made ??= this.#make().catch((error) => {
      this.#made = undefined;
      throw error;
    });
    return (await this.#made).settings;
  }

  /** Gives away an executor. */
  open(settings: ExecutorSettings): Executor {
    const { live } = this.#scope;
    const isClosed = () => this.#scope.closed;
    this.#open++;
    return new LocalExecutor(settings, {
      id: this.#definition.id,
      get closed() {
        return isClosed();
      },
      onStart: (process) => void live.add(process),
      onGone: (process) => void live.delete(process),
      onRelease: async () => {
        this.#open--;
        if (this.#removed && this.#open === 0) await this.dispose();
      },
    });
  }

  /** It gives away no more executors; what it made goes with the last of those it has given. */
  remove(): void {
    this.#removed = true;
    if (this.#open === 0) this.dispose().catch(ignore);
  }

  /** Disposes of what was made for its executors. */
  async dispose(): Promise<void> {
    const made = this.#made;
    this.#made = undefined;
    const { backend } = await made?.catch(ignore) ?? {};
    await backend?.[Symbol.asyncDispose]?.();
    this.#scope.defined.delete(this);
  }

  async #make(): Promise<Made> {
    const { kind, config, id } = this.#definition;
    const common = this.#common();
    try {
      const own = await kind.create(config);
      checkMade(own);
      const backend = own.backend === common.backend ? undefined : own.backend;
      return { settings: resolveExecutorOptions(merge(common, own)), backend };
    } catch (error) {
      const { reason, message, kind, retryable, details } = toExecError(error, "Its kind");
      const text = `Executor ${show(id)} can't be made: ${message}`;
      throw new ExecError(reason, text, { kind, retryable, details, cause: error });
    }
  }
}

/** An executor would bring rules of its own, so a kind says what one is made of. */
function checkMade(own: ExecutorOptions): void {
  const isExecutor = typeof (own as { exec?: unknown } | null | undefined)?.exec === "function";
  if (!isRecord(own) || isExecutor) {
    const got = isExecutor ? "an executor" : typeName(own);
    throw new ExecError(
      "invalid_option",
      `its kind must answer with the options of an executor, got ${got}.`,
    );
  }
  resolveExecutorOptions(own);
}

/** A kind adds to the rules of a registry, and takes nothing away from them. */
function merge(common: ExecutorOptions, own: ExecutorOptions): ExecutorOptions {
  const given = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  const policies = [common.policy, own.policy].filter((policy) => policy !== undefined);
  return {
    ...common,
    ...given,
    policy: policies.length > 1 ? allOf(...policies) : policies[0],
    policyTimeout: Math.min(common.policyTimeout ?? Infinity, own.policyTimeout ?? Infinity),
    onEvent: allListeners(common.onEvent, own.onEvent),
  };
}
