/**
 * One process started with `Deno.Command`.
 * @module
 */
import type { ByteSource, Child, ChildExit, SpawnRequest, Stdio } from "../src/backend.ts";
import type { ExecError } from "../src/errors.ts";
import type { SignalName } from "../src/signals.ts";
import type { DenoApi, DenoChild, DenoCommandOptions, DenoStdio } from "./deno_api.ts";
import { codeOf, hostCwdError, isGone, look, permissionError } from "./deno_errors.ts";
import { denoChildren } from "./deno_host.ts";
import { signalsSeen } from "./live_children.ts";
import { LiveGroup } from "./live_group.ts";
import type { GroupSystem } from "./process_group.ts";
import { startError } from "./start_errors.ts";
import type { Watcher } from "./watchdog.ts";
import { readableSource, writableSink } from "./web_streams.ts";

/**
 * Starts a process.
 * @throws {ExecError} A rejection that says why it can't start
 */
export async function startDenoChild(
  deno: DenoApi,
  request: SpawnRequest,
  watcher: Watcher | undefined,
): Promise<Child> {
  try {
    watcher?.arm();
    const child = new CommandChild(deno, launch(deno, request), request, watcher);
    await child.watched;
    return child;
  } catch (error) {
    throw await startErrorOf(deno, error, request);
  }
}

/** Starts a process, or throws what Deno does. */
export function launch(deno: DenoApi, request: SpawnRequest): DenoChild {
  const [file, ...args] = request.argv as [string, ...string[]];
  return new deno.Command(file, { args, ...commandOptions(deno, request) }).spawn();
}

/** The error for what Deno throws at a start. */
export async function startErrorOf(deno: DenoApi, error: unknown, request: SpawnRequest): Promise<ExecError> {
  return permissionError(error, request) ?? hostCwdError(error, request) ??
    await startError(codeOf(error), error, request, (path) => look(deno, path, error));
}

function commandOptions(deno: DenoApi, request: SpawnRequest): Omit<DenoCommandOptions, "args"> {
  const set: Record<string, string> = {};
  let removes = false;
  for (const [name, value] of Object.entries(request.env)) {
    if (value === undefined) removes = true;
    else set[name] = value;
  }
  // Taking a variable away means to pass all the others on by hand.
  const byHand = removes && request.inheritEnv;
  const env = byHand ? { ...without(deno.env.toObject(), request.env), ...set } : set;
  return {
    env,
    clearEnv: byHand || !request.inheritEnv,
    ...(request.cwd !== undefined && { cwd: request.cwd }),
    stdin: stdio(request.stdin),
    stdout: stdio(request.stdout),
    stderr: stdio(request.stderr),
    detached: request.group,
  };
}

function without(all: Record<string, string>, env: SpawnRequest["env"]): Record<string, string> {
  for (const [name, value] of Object.entries(env)) if (value === undefined) delete all[name];
  return all;
}

function stdio(how: Stdio): DenoStdio {
  return how === "pipe" ? "piped" : how;
}

/** A process of `Deno.Command`. */
export class CommandChild implements Child {
  readonly pid: number;
  readonly stdin?: NonNullable<Child["stdin"]>;
  readonly stdout?: ByteSource;
  readonly stderr?: ByteSource;
  readonly exit: Promise<ChildExit>;
  readonly #deno: DenoApi;
  readonly #child: DenoChild;
  readonly #group: LiveGroup;

  constructor(deno: DenoApi, child: DenoChild, request: SpawnRequest, watcher: Watcher | undefined) {
    this.#deno = deno;
    this.#child = child;
    this.pid = child.pid;
    this.#group = new LiveGroup({
      pid: child.pid,
      request,
      live: denoChildren(deno),
      watcher,
      system: groupSystem(deno),
      kill: () => this.kill("SIGKILL", request.group ? "group" : "process"),
    });
    if (request.stdin === "pipe") this.stdin = writableSink(child.stdin);
    if (request.stdout === "pipe") this.stdout = readableSource(child.stdout);
    if (request.stderr === "pipe" && !request.mergeStderr) this.stderr = readableSource(child.stderr);
    // Signals and exits come different ways. What a terminal sent to both must be seen before the child's end is.
    const ended = request.stdin === "inherit" ? child.status.finally(signalsSeen) : child.status;
    this.exit = ended.then(exitOf, exitOfUnnamed);
    const onExit = (exit?: ChildExit) => this.#group.onExit(exit?.signal);
    this.exit.then(onExit, () => onExit());
  }

  /** Settles when the watchdog knows of it, where there is one. */
  get watched(): Promise<void> | undefined {
    return this.#group.watched;
  }

  kill(signal: SignalName, target: "process" | "group"): void {
    try {
      if (target === "group") this.#deno.kill(-this.pid, signal);
      else if (!this.#group.exited) this.#child.kill(signal);
    } catch (error) {
      if (!isGone(error)) throw permissionError(error) ?? error;
    }
  }

  groupGone(): boolean | Promise<boolean> {
    return this.#group.gone();
  }

  unref(): void {
    this.#child.unref();
  }
}

function exitOf({ code, signal }: { code: number; signal: string | null }): ChildExit {
  return signal === null ? { code } : { code, signal: signal as SignalName };
}

/** Deno knows no name for a real-time signal and rejects, with the number in the message. */
function exitOfUnnamed(error: unknown): ChildExit {
  const number = /Invalid signal: (\d+)/.exec(String(error))?.[1];
  if (number === undefined) throw error;
  return { code: 128 + Number(number) };
}

let system: GroupSystem | undefined;

/** One for all children, so that one look at all processes serves them all. */
function groupSystem(deno: DenoApi): GroupSystem {
  return system ??= makeGroupSystem(deno);
}

function makeGroupSystem(deno: DenoApi): GroupSystem {
  const readable = () => deno.permissions.querySync({ name: "read" }).state === "granted";
  return {
    signal: (pid, signal) => {
      try {
        deno.kill(pid, signal);
      } catch (error) {
        throw isGone(error) ? Object.assign(new Error("gone"), { code: "ESRCH" }) : error;
      }
    },
    list: (directory) => {
      if (!readable()) throw new Error("not readable");
      return [...deno.readDirSync(directory)].map(({ name }) => name);
    },
    text: (path) => deno.readTextFileSync(path),
  };
}
