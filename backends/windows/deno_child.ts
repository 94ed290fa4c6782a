/**
 * One process started with `Deno.Command` on Windows.
 * @module
 */
import type { ByteSource, Child, ChildExit, SpawnRequest, Stdio } from "../../src/backend.ts";
import { isExecError } from "../../src/errors.ts";
import type { SignalName } from "../../src/signals.ts";
import { type DenoApi, type DenoChild, type DenoStdio, readableVariables } from "../deno_api.ts";
import { codeOf, isGone, look, permissionError } from "../deno_errors.ts";
import { denoChildren } from "../deno_host.ts";
import type { LiveChild } from "../live_children.ts";
import { startError } from "../start_errors.ts";
import { readableSource, writableSink } from "../web_streams.ts";
import { checkOneLine } from "./command_line.ts";
import { windowsEnvironment } from "./environment.ts";
import { type Launch, type ParseScript, windowsLaunch } from "./launch.ts";
import { extensionOf } from "./lookup.ts";
import { ProcessTree, taskkill } from "./tree.ts";

/**
 * Starts a process.
 * @throws {ExecError} A rejection that says why it can't start
 */
export async function startWindowsDenoChild(deno: DenoApi, request: SpawnRequest): Promise<Child> {
  try {
    const launch = mayLook(deno) ? await launchOf(deno, request) : blindLaunch(request);
    return new WindowsDenoChild(deno, start(deno, request, launch), request);
  } catch (error) {
    if (isExecError(error)) throw error;
    throw permissionError(error, request) ??
      await startError(codeOf(error), error, request, (path) => look(deno, path, error));
  }
}

function mayLook(deno: DenoApi): boolean {
  return granted(deno, "env") && granted(deno, "read");
}

function granted(deno: DenoApi, name: "env" | "read"): boolean {
  return deno.permissions.querySync({ name }).state === "granted";
}

async function launchOf(deno: DenoApi, request: SpawnRequest): Promise<Launch> {
  const { win32 } = await import("node:path");
  return await windowsLaunch(request, {
    env: deno.env.toObject(),
    cwd: deno.cwd(),
    resolve: win32.resolve,
    isFile: async (path) => await deno.stat(path).then(({ isFile }) => isFile, () => false),
    isDirectory: async (path) => await deno.stat(path).then(({ isDirectory }) => isDirectory, () => false),
    parser: async () => ((await import("cross-spawn")).default as unknown as { _parse: ParseScript })._parse,
  });
}

/** Without leave to look at files Deno finds the command itself; then nobody knows whether it takes cmd.exe. */
function blindLaunch(request: SpawnRequest): Launch {
  const [file, ...args] = request.argv as [string, ...string[]];
  if (![".exe", ".com"].includes(extensionOf(file))) {
    checkOneLine(args, `batch files such as ${JSON.stringify(file)}`);
  }
  return { file, args, raw: false, env: windowsEnvironment({ ...request, inheritEnv: false }, {}) };
}

function start(deno: DenoApi, request: SpawnRequest, { file, args, raw, env }: Launch): DenoChild {
  const stdio = (how: Stdio): DenoStdio => how === "pipe" ? "piped" : how;
  const { cwd, inheritEnv } = request;
  return new deno.Command(file, {
    args: [...args],
    ...(raw && { windowsRawArguments: true }),
    env,
    // What was inherited is in `env` already, where it could be read.
    clearEnv: !inheritEnv || mayLook(deno),
    ...(cwd !== undefined && { cwd }),
    stdin: stdio(request.stdin),
    stdout: stdio(request.stdout),
    stderr: stdio(request.stderr),
  }).spawn();
}

class WindowsDenoChild implements Child, LiveChild {
  readonly pid: number;
  readonly stdin?: NonNullable<Child["stdin"]>;
  readonly stdout?: ByteSource;
  readonly stderr?: ByteSource;
  readonly exit: Promise<ChildExit>;
  readonly #deno: DenoApi;
  readonly #child: DenoChild;
  readonly #tree: ProcessTree;

  constructor(deno: DenoApi, child: DenoChild, request: SpawnRequest) {
    this.#deno = deno;
    this.#child = child;
    this.pid = child.pid;
    const live = denoChildren(deno);
    const { handleSignals = true, stdin } = request;
    live.add(this, { handleSignals, foreground: stdin === "inherit" });
    this.#tree = new ProcessTree({ process: () => this.#killProcess(), tree: () => this.#killTree() });
    if (request.stdin === "pipe") this.stdin = writableSink(child.stdin);
    if (request.stdout === "pipe") this.stdout = readableSource(child.stdout);
    if (request.stderr === "pipe") this.stderr = readableSource(child.stderr);
    this.exit = child.status.then(({ code }) => this.#tree.exit(code));
    const onExit = () => {
      live.exited(this, undefined);
      live.delete(this);
    };
    child.status.then(onExit, onExit);
  }

  kill(signal: SignalName, target: "process" | "group"): void | Promise<void> {
    return this.#tree.kill(signal, target);
  }

  groupGone(): boolean {
    return this.#tree.exited;
  }

  killNow(): void {
    if (this.#tree.exited) return;
    try {
      if (this.#taskkill().outputSync().success) return;
    } catch {
      // Not allowed: the process itself is what is left to end.
    }
    try {
      this.#killProcess();
    } catch {
      // Not allowed either: the host ends all the same.
    }
  }

  unref(): void {
    this.#child.unref();
  }

  #killProcess(): void {
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      if (!isGone(error)) throw permissionError(error) ?? error;
    }
  }

  async #killTree(): Promise<boolean> {
    return (await this.#taskkill().spawn().status).code === 0;
  }

  #taskkill() {
    const [file, args] = taskkill(this.pid, readableVariables(this.#deno));
    return new this.#deno.Command(file, { args, stdin: "null", stdout: "null", stderr: "null" });
  }
}
