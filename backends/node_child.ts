/**
 * One process started with `node:child_process`.
 * @module
 */
import { type ChildProcess, spawn, type SpawnOptions, type StdioOptions } from "node:child_process";
import type { Socket } from "node:net";
import process from "node:process";
import type { Child, ChildExit, SpawnRequest, Stdio } from "../src/backend.ts";
import type { SignalName } from "../src/signals.ts";
import type { SocketPair } from "./connect_pairs.ts";
import { findInHostPath } from "./host_path.ts";
import { type LiveChildren, signalsSeen } from "./live_children.ts";
import { LiveGroup } from "./live_group.ts";
import { deliver, groupSystem } from "./node_group_system.ts";
import { turned } from "./node_host.ts";
import { look } from "./node_look.ts";
import { ReadableSource, writableSink } from "./node_streams.ts";
import { receive } from "./received_bytes.ts";
import { DyingWatch } from "./realtime_signals.ts";
import { takeSocketPair } from "./socket_pair.ts";
import { startError } from "./start_errors.ts";
import type { Watcher } from "./watchdog.ts";

const WINDOWS = process.platform === "win32";
const BUN = process.versions["bun"] !== undefined;
const LINUX = process.platform === "linux";

/** Where a child is counted from its start until nothing of it is left. */
export interface Registers {
  readonly live: LiveChildren;
  readonly watcher?: Watcher | undefined;
}

/**
 * Starts a process.
 * @throws {ExecError} A rejection that says why it can't start
 */
export async function startNodeChild(request: SpawnRequest, registers: Registers): Promise<Child> {
  if (WINDOWS) {
    registers.watcher?.arm(); // says that there is none
    return await (await import("./windows/node_child.ts")).startWindowsNodeChild(request, registers.live);
  }
  const lookup = hostPathOf(request);
  const found = lookup && await lookup;
  if (!request.mergeStderr) return start(request, registers, found);
  const pair = await takeSocketPair();
  try {
    return await start(request, registers, found, pair);
  } catch (error) {
    pair.host.destroy();
    throw error;
  } finally {
    // The child has its own copy now; the end of the stream is seen only when nobody else holds one.
    pair.child.destroy();
  }
}

function start(
  request: SpawnRequest,
  registers: Registers,
  found: string | undefined,
  pair?: SocketPair,
): Child | Promise<never> {
  const { argv } = request;
  try {
    registers.watcher?.arm();
    const child = spawn(found ?? argv[0]!, argv.slice(1), spawnOptions(request, pair?.child, found));
    // Nothing may be awaited between spawn and the listeners: Node's events don't wait for them.
    if (child.pid !== undefined) return new NodeChild(child, request, registers, pair?.host);
    return new Promise<unknown>((resolve) => child.once("error", resolve))
      .then((error) => explain(error, request));
  } catch (error) {
    return explain(error, request);
  }
}

async function explain(error: unknown, request: SpawnRequest): Promise<never> {
  throw await startError((error as NodeJS.ErrnoException).code, error, request, look);
}

function usesHostPath({ hostPath, inheritEnv, env, argv: [name] }: SpawnRequest): boolean {
  const asked = hostPath === true && !inheritEnv && env["PATH"] === undefined;
  return asked && !name!.includes("/") && process.env["PATH"] !== undefined;
}

/**
 * The path of the executable, where the host's PATH is to tell it; `undefined` where the system looks it up.
 * @throws {ExecError} A rejection with `command_not_found`
 */
export function hostPathOf(request: SpawnRequest): Promise<string> | undefined {
  return usesHostPath(request) ? lookUpInHostPath(request) : undefined;
}

async function lookUpInHostPath(request: SpawnRequest): Promise<string> {
  const [name] = request.argv as readonly [string];
  const found = await findInHostPath(name);
  if (found !== undefined) return found;
  throw await startError("ENOENT", new Error(`The host's PATH has no ${name}`), request, look);
}

function spawnOptions(
  request: SpawnRequest,
  merged: Socket | undefined,
  found: string | undefined,
): SpawnOptions {
  const { cwd, stdin, stdout, stderr, group } = request;
  return {
    cwd,
    // The command sees itself called by its name, as if the system had looked it up.
    argv0: found === undefined ? undefined : request.argv[0],
    env: environment(request),
    stdio: [toStdio(stdin), merged ?? toStdio(stdout), merged ?? toStdio(stderr)] as StdioOptions,
    detached: group,
  };
}

function toStdio(how: Stdio): "pipe" | "ignore" | "inherit" {
  return how === "null" ? "ignore" : how;
}

/** The environment of a child; `undefined` for the host's own. */
export function environment({ env, inheritEnv }: SpawnRequest): NodeJS.ProcessEnv | undefined {
  const names = Object.keys(env);
  // Copying the host's environment costs as much as all else here; Bun's default is what it was when Bun started.
  if (inheritEnv && names.length === 0 && !BUN) return undefined;
  // Without a prototype: a variable may be named __proto__.
  const all: NodeJS.ProcessEnv = Object.assign(Object.create(null), inheritEnv && process.env);
  for (const name of names) {
    const value = env[name];
    if (value === undefined) delete all[name];
    else all[name] = value;
  }
  return all;
}

class NodeChild implements Child {
  readonly pid: number;
  readonly stdin?: NonNullable<Child["stdin"]>;
  readonly stdout?: ReadableSource;
  readonly stderr?: ReadableSource;
  readonly exit: Promise<ChildExit>;
  readonly #child: ChildProcess;
  readonly #group: LiveGroup;

  constructor(child: ChildProcess, request: SpawnRequest, registers: Registers, merged: Socket | undefined) {
    this.#child = child;
    this.pid = child.pid!;
    this.#group = new LiveGroup({
      pid: this.pid,
      request,
      live: registers.live,
      watcher: registers.watcher,
      system: groupSystem,
      kill: () => this.kill("SIGKILL", request.group ? "group" : "process"),
    });
    const dying = LINUX ? new DyingWatch(this.pid) : undefined;
    const onLull = (atEnd: boolean) => this.#group.exited || dying?.look(atEnd);
    if (merged) this.stdout = new ReadableSource(merged, onLull, receive);
    else if (child.stdout) this.stdout = new ReadableSource(child.stdout, onLull);
    if (child.stderr) this.stderr = new ReadableSource(child.stderr, onLull);
    if (child.stdin) this.stdin = writableSink(child.stdin);
    // An error from here on concerns a signal that was refused, which kill tells itself.
    child.on("error", ignore);
    this.exit = new Promise((resolve) => {
      const onExit = (code: number | null, signal: NodeJS.Signals | null) => {
        this.#group.onExit(signal ?? undefined);
        if (signal !== null) resolve({ code: 0, signal: signal as SignalName });
        else resolve({ code: code === 0 && dying?.signal ? 128 + dying.signal : code ?? 0 });
      };
      // Once: Node's object outlives the command for a while, as its streams do, and leads to nothing of it then.
      child.once("exit", (code, signal) => {
        this.#group.noteEnd();
        const seen = request.stdin === "inherit"
          ? signalsSeen()
          : !BUN && !registers.live.listensOn && turned();
        if (seen) void seen.then(() => onExit(code, signal));
        else onExit(code, signal);
      });
    });
  }

  kill(signal: SignalName, target: "process" | "group"): void {
    const { exitCode, signalCode } = this.#child;
    if (target === "process" && (exitCode !== null || signalCode !== null)) return;
    deliver(signal, target === "group" ? -this.pid : this.pid);
  }

  groupGone(): boolean | Promise<boolean> {
    return this.#group.gone();
  }

  unref(): void {
    this.#child.unref();
    this.stdout?.unref();
    this.stderr?.unref();
    (this.#child.stdin as Partial<Socket> | null)?.unref?.();
  }
}

function ignore(): void {}
