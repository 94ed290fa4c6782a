/**
 * Ends a process and its descendants on Windows, which has no signals and no process groups.
 * @module
 */
import { ExecError } from "../../src/errors.ts";
import type { ChildExit } from "../../src/backend.ts";
import type { SignalName } from "../../src/signals.ts";
import { systemProgram } from "./system.ts";

/** Time, in ms, that taskkill may take before the process itself is ended and no more. */
export const TASKKILL_LIMIT = 10_000;

/** Signals that a Windows process can be sent; each ends it at once. */
const ENDING: readonly SignalName[] = ["SIGTERM", "SIGKILL", "SIGINT"];
/** The exit code of a process that was ended so. */
const TERMINATED = 1;

/** The command that ends a process and all its descendants. It finds them only as long as the process itself runs. */
export function taskkill(
  pid: number,
  env: Readonly<Record<string, string | undefined>>,
): readonly [file: string, args: string[]] {
  return [systemProgram("taskkill.exe", env), ["/T", "/F", "/PID", String(pid)]];
}

/** How one runtime ends processes. */
export interface TreeKiller {
  /** Ends the process itself, at once. */
  process(): void;
  /** Runs taskkill; answers whether it ended all there was. */
  tree(): Promise<boolean>;
}

/** One process, from the start to the exit, and what was done to end it. */
export class ProcessTree {
  readonly #killer: TreeKiller;
  #signal: SignalName | undefined;
  #ending: Promise<void> | undefined;
  #exited = false;

  constructor(killer: TreeKiller) {
    this.#killer = killer;
  }

  /** Whether the process itself has ended: its number may be somebody else's then. */
  get exited(): boolean {
    return this.#exited;
  }

  /**
   * Ends the process, or it and its descendants.
   * @throws {ExecError} `unsupported` for a signal that would do anything else
   */
  kill(signal: SignalName, target: "process" | "group"): void | Promise<void> {
    if (!ENDING.includes(signal)) throw unsupported(signal);
    if (this.#exited) return;
    this.#signal ??= signal;
    if (target === "group") return this.#ending ??= this.#killTree();
    this.#killer.process();
  }

  /**
   * How it ended, once what ends its descendants is done as well: nothing tells later that they are gone.
   * @param code the exit code, with which an end from outside is told as the signal that was asked for
   */
  async exit(code: number): Promise<ChildExit> {
    this.#exited = true;
    await this.#ending;
    return this.#signal !== undefined && code === TERMINATED ? { code, signal: this.#signal } : { code };
  }

  async #killTree(): Promise<void> {
    const done = await this.#killer.tree().catch(() => false);
    if (!done && !this.#exited) this.#killer.process();
  }
}

function unsupported(signal: SignalName): ExecError {
  const message =
    `Windows has no ${signal}: send ${ENDING.join(", ")}, which all end the process at once, or tell it ` +
    `on its standard input.`;
  return new ExecError("unsupported", message, { details: { signal } });
}
