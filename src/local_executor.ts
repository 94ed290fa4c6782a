/**
 * The executor behind {@linkcode createExecutor}.
 * @module
 */
import { askPolicy } from "./ask_policy.ts";
import type { Backend } from "./backend.ts";
import { checkBoolean, checkOptions, show } from "./check.ts";
import { parseCommand, quote } from "./command.ts";
import { defaultBackend } from "./default_backend.ts";
import { isPromise } from "./deferred.ts";
import { ExecError } from "./errors.ts";
import { emitTo } from "./events.ts";
import type { Executor, ExecutorOptions } from "./executor.ts";
import type { ExecutorOwner } from "./executor_owner.ts";
import { type ExecutorSettings, resolveExecutorOptions } from "./executor_settings.ts";
import { loadRunning, running } from "./load_running.ts";
import type { ManagedProcess } from "./managed_process.ts";
import { type ProcessOptions, type ResolvedOptions, resolveOptions } from "./options.ts";
import type { Output } from "./output.ts";
import { type OutputOptions, parseOutputOptions, PLAIN_PROCESS } from "./output_options.ts";
import type { Process } from "./process.ts";
import { checkUnderWhitelist } from "./whitelist.ts";

/**
 * Makes an executor. Nothing is loaded, asked or started before its first command.
 * @param options defaults and rules for all its processes
 * @throws {ExecError} `invalid_option` when an option, or an entry of the whitelist, is wrong
 */
export function createExecutor(options?: ExecutorOptions): Executor {
  return new LocalExecutor(resolveExecutorOptions(options));
}

/** One command, checked. */
interface Asked {
  /** As it was given, where that was a string. */
  readonly command: string | undefined;
  readonly argv: readonly string[];
  readonly options: ResolvedOptions;
}

/** Which backend an executor starts processes with; `undefined` for one that is not of this package. */
export function backendOf(executor: Executor | undefined): Backend | Promise<Backend> | undefined {
  return executor === undefined ? defaultBackend() : backendOfLocal(executor);
}

/** No member of the executor: whoever has a backend has a way round policy and whitelist. */
let backendOfLocal: (executor: Executor) => Backend | Promise<Backend> | undefined;

/** The one implementation of {@linkcode Executor}; those from a registry have an owner. */
export class LocalExecutor implements Executor {
  readonly id?: string;
  readonly #settings: ExecutorSettings;
  readonly #owner: ExecutorOwner | undefined;
  /** No set: one that gets empty makes another table, and V8 keeps the chain of them till its next full collection. */
  readonly #live: ManagedProcess[] = [];
  /** What comes of {@linkcode PLAIN_PROCESS} here. */
  #plain: ResolvedOptions | undefined;
  #released = false;

  static {
    backendOfLocal = (executor) => #settings in executor ? executor.#settings.backend() : undefined;
  }

  constructor(settings: ExecutorSettings, owner?: ExecutorOwner) {
    this.#settings = settings;
    this.#owner = owner;
    if (owner) this.id = owner.id;
  }

  async exec(command: string | readonly string[], options?: ProcessOptions): Promise<Process> {
    return await this.#make(command, options, false);
  }

  async spawn(command: string | readonly string[], options?: ProcessOptions): Promise<Process> {
    const process = await this.#make(command, options, true);
    await process.start();
    return process;
  }

  async output(command: string | readonly string[], options?: OutputOptions): Promise<Output> {
    const call = parseOutputOptions(options);
    const made = this.#make(command, call.process, true);
    // For a fast command each promise counts.
    const process = isPromise(made) ? await made : made;
    return await running!.collectOutput(process, call, this.#settings.clock);
  }

  async release(options?: { keepRunning?: boolean }): Promise<void> {
    const { keepRunning } = checkOptions(options, ["keepRunning"]);
    const keep = checkBoolean("keepRunning", keepRunning, false);
    const first = !this.#released;
    this.#released = true;
    const live = [...this.#live];
    if (keep) live.forEach((process) => this.#owner?.onGone(process));
    else await Promise.all(live.map((process) => process.close()));
    if (first) await this.#owner?.onRelease();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // What was released with keepRunning stays as it is.
    if (!this.#released) await this.release();
  }

  /** Makes a process: at once, unless a policy is to be asked or something to be loaded first. */
  #make(
    command: string | readonly string[],
    given: ProcessOptions | undefined,
    starts: boolean,
  ): ManagedProcess | Promise<ManagedProcess> {
    this.#checkReleased();
    const argv = parseCommand(command);
    const options = this.#resolve(given);
    this.#checkWhitelist(argv, given);
    const asked: Asked = { command: typeof command === "string" ? command : undefined, argv, options };
    return this.#settings.policy || !running ? this.#makeLater(asked, starts) : this.#process(asked);
  }

  #resolve(given: ProcessOptions | undefined): ResolvedOptions {
    const { defaults } = this.#settings;
    if (given === PLAIN_PROCESS) return this.#plain ??= resolveOptions(given, defaults);
    return resolveOptions(given, defaults);
  }

  async #makeLater(asked: Asked, starts: boolean): Promise<ManagedProcess> {
    const { argv, options } = asked;
    if (this.#settings.policy) {
      await this.#checkPolicy(argv, options);
      this.#checkReleased();
    }
    if (!running) {
      const { clock, backend } = this.#settings;
      const { signal, timeout } = options;
      const command = () => show(asked.command ?? quote(argv));
      await loadRunning({ command, signal, timeout, clock, backend: starts ? backend : undefined });
      this.#checkReleased();
    }
    return this.#process(asked);
  }

  #process({ command, argv, options }: Asked): ManagedProcess {
    const { clock, handleSignals, backend, onEvent } = this.#settings;
    return new running!.ManagedProcess({
      command,
      argv,
      options,
      executorId: this.id,
      clock,
      handleSignals,
      hostPath: this.#owner !== undefined,
      backend,
      onStart: this.#onStart,
      onGone: this.#onGone,
      onEvent,
    });
  }

  // Made once for all processes.
  readonly #onStart = (process: ManagedProcess): void => {
    this.#checkReleased();
    // What finished commands left in the background may have ended since: nobody else looks. From the end: some may go.
    for (let index = this.#live.length; index-- > 0;) this.#live[index]?.lookAgain();
    this.#live.push(process);
    this.#owner?.onStart(process);
  };

  readonly #onGone = (process: ManagedProcess): void => {
    const index = this.#live.indexOf(process);
    if (index >= 0) this.#live.splice(index, 1);
    this.#owner?.onGone(process);
  };

  #checkReleased(): void {
    if (!this.#released && !this.#owner?.closed) return;
    throw new ExecError("executor_released", "This executor was released: make or get another one.");
  }

  #checkWhitelist(argv: readonly string[], given: ProcessOptions | undefined): void {
    const { whitelist } = this.#settings;
    if (!whitelist) return;
    if (!whitelist.allows(argv)) {
      this.#denied("whitelist", argv);
      const command = show(quote(argv));
      const message = `Command ${command} is not on the whitelist: add exactly these words to allow it.`;
      throw new ExecError("command_not_allowed", message, { details: { argv } });
    }
    checkUnderWhitelist(argv, given ?? {});
  }

  async #checkPolicy(argv: readonly string[], options: ResolvedOptions): Promise<void> {
    if (!this.#settings.policy) return;
    const { cwd } = options;
    const request = {
      action: "exec.run" as const,
      resource: quote(argv),
      argv,
      ...(cwd !== undefined && { cwd }),
      ...(this.id !== undefined && { executorId: this.id }),
    };
    const denial = await askPolicy(this.#settings, request, options);
    if (!denial) return;
    this.#denied("exec.run", argv);
    throw denial;
  }

  #denied(action: string, argv: readonly string[]): void {
    const { onEvent, clock } = this.#settings;
    const id = this.id === undefined ? {} : { executorId: this.id };
    const resource = quote(argv);
    emitTo(onEvent, { type: "denied", time: clock.now(), action, resource, argv, ...id });
  }
}
