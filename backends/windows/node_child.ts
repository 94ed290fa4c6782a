/**
 * One process started with `node:child_process` on Windows.
 * @module
 */
import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { stat } from "node:fs/promises";
import type { Socket } from "node:net";
import { win32 } from "node:path";
import process from "node:process";
import type { Child, ChildExit, SpawnRequest, Stdio } from "../../src/backend.ts";
import { isExecError } from "../../src/errors.ts";
import type { SignalName } from "../../src/signals.ts";
import type { LiveChild, LiveChildren } from "../live_children.ts";
import { look } from "../node_look.ts";
import { ReadableSource, writableSink } from "../node_streams.ts";
import { startError } from "../start_errors.ts";
import { quoteForProgram } from "./command_line.ts";
import { type Launch, type ParseScript, windowsLaunch } from "./launch.ts";
import { ProcessTree, taskkill, TASKKILL_LIMIT } from "./tree.ts";

/**
 * Starts a process.
 * @param live where it is counted until it has ended
 * @throws {ExecError} A rejection that says why it can't start
 */
export async function startWindowsNodeChild(request: SpawnRequest, live: LiveChildren): Promise<Child> {
  try {
    const child = start(request, await launchOf(request));
    // Nothing may be awaited between spawn and the listeners: Node's events don't wait for them.
    if (child.pid !== undefined) return new WindowsNodeChild(child, request, live);
    return await new Promise<never>((_, reject) => child.once("error", reject));
  } catch (error) {
    if (isExecError(error)) throw error;
    throw await startError((error as NodeJS.ErrnoException).code, error, request, look);
  }
}

function launchOf(request: SpawnRequest): Promise<Launch> {
  return windowsLaunch(request, {
    env: process.env,
    cwd: process.cwd(),
    resolve: win32.resolve,
    isFile: async (path) => await stat(path).then((found) => found.isFile(), () => false),
    isDirectory: async (path) => await stat(path).then((found) => found.isDirectory(), () => false),
    parser: async () => ((await import("cross-spawn")).default as unknown as { _parse: ParseScript })._parse,
  });
}

function start({ cwd, stdin, stdout, stderr }: SpawnRequest, { file, args, raw, env }: Launch): ChildProcess {
  const stdio = (how: Stdio) => how === "null" ? "ignore" : how;
  return spawn(file, args, {
    ...(cwd !== undefined && { cwd }),
    // Arguments that are taken as they are begin with the program's own name.
    ...(raw && { argv0: quoteForProgram(file), windowsVerbatimArguments: true }),
    env,
    stdio: [stdio(stdin), stdio(stdout), stdio(stderr)],
    windowsHide: true,
  });
}

class WindowsNodeChild implements Child, LiveChild {
  readonly pid: number;
  readonly stdin?: NonNullable<Child["stdin"]>;
  readonly stdout?: ReadableSource;
  readonly stderr?: ReadableSource;
  readonly exit: Promise<ChildExit>;
  readonly #child: ChildProcess;
  readonly #tree: ProcessTree;

  constructor(child: ChildProcess, request: SpawnRequest, live: LiveChildren) {
    this.#child = child;
    this.pid = child.pid!;
    // An error from here on concerns an end that was refused, which shows by the process that runs on.
    child.on("error", () => {});
    const { handleSignals = true, stdin } = request;
    live.add(this, { handleSignals, foreground: stdin === "inherit" });
    this.#tree = new ProcessTree({
      process: () => void child.kill("SIGKILL"),
      tree: () => killTree(this.pid),
    });
    if (child.stdout) this.stdout = new ReadableSource(child.stdout, () => {});
    if (child.stderr) this.stderr = new ReadableSource(child.stderr, () => {});
    if (child.stdin) this.stdin = writableSink(child.stdin);
    this.exit = new Promise((resolve) => {
      child.once("exit", (code) => {
        // libuv tells the signal it was asked for in place of the code: then it was ended from here.
        resolve(this.#tree.exit(code ?? 1));
        live.exited(this, undefined);
        live.delete(this);
      });
    });
  }

  kill(signal: SignalName, target: "process" | "group"): void | Promise<void> {
    return this.#tree.kill(signal, target);
  }

  groupGone(): boolean {
    return this.#tree.exited;
  }

  killNow(): void {
    if (this.#tree.exited) return;
    const [file, args] = taskkill(this.pid, process.env);
    const { status } = spawnSync(file, args, { stdio: "ignore", windowsHide: true, timeout: TASKKILL_LIMIT });
    if (status !== 0) this.#child.kill("SIGKILL");
  }

  unref(): void {
    this.#child.unref();
    this.stdout?.unref();
    this.stderr?.unref();
    (this.#child.stdin as Partial<Socket> | null)?.unref?.();
  }
}

function killTree(pid: number): Promise<boolean> {
  const [file, args] = taskkill(pid, process.env);
  return new Promise((resolve) => {
    execFile(file, args, { windowsHide: true, timeout: TASKKILL_LIMIT }, (error) => resolve(error === null));
  });
}
