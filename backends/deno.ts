/**
 * Starts processes with `Deno.Command`.
 * @module
 */
import type { Backend, Child, SpawnRequest } from "../src/backend.ts";
import { ExecError } from "../src/errors.ts";
import { checkSwitches } from "./backend_options.ts";
import { type DenoApi, denoApi, readableVariables } from "./deno_api.ts";
import { startDenoChild } from "./deno_child.ts";
import { startMerged } from "./deno_merged.ts";
import { denoWatchdog } from "./deno_watchdog.ts";
import { isStartable } from "./windows/lookup.ts";
import { windowsShells, windowsShellText } from "./windows/shells.ts";

/** How a `denoBackend` works; everything may be left out. */
export interface DenoBackendOptions {
  /**
   * Whether children and their groups are killed even when this process is killed by SIGKILL, or crashes (default:
   * false): a small `sh` beside it sees to that, one for all backends. Not on Windows. Without leave to run `/bin/sh`
   * there is a warning, and no watchdog.
   */
  watchdog?: boolean;
}

/**
 * A backend on `Deno.Command`.
 *
 * Under a list of allowed commands (`--allow-run=git`) Deno lets nobody signal a process group: then
 * `capabilities.processGroups` is false, and ending a process does not reach what it started; `mergedOutput` is false
 * too, because a shell does it, and that would be a way round the list.
 *
 * @param options what it does beyond starting processes
 * @throws {ExecError} `unsupported` when this is not Deno, `invalid_option`, naming the option and the value
 *
 * @example
 * ```ts ignore-node
 * import { createExecutor } from "@polyspawn/polyspawn";
 * import { denoBackend } from "@polyspawn/polyspawn/deno";
 *
 * const executor = createExecutor({ backend: denoBackend() });
 * console.log((await executor.output("echo hello")).stdoutText());
 * ```
 */
export function denoBackend(options: DenoBackendOptions = {}): Backend {
  const deno = denoApi();
  if (!deno) throw new ExecError("unsupported", `denoBackend() works on Deno only: use nodeBackend() here.`);
  const { watchdog } = checkSwitches(options, ["watchdog"]);
  const watcher = watchdog ? denoWatchdog(deno) : undefined;
  const windows = deno.build.os === "windows";
  return {
    name: "deno",
    capabilities: {
      // Asked each time, because a permission can be granted or revoked while the program runs.
      get processGroups() {
        return !windows && mayRunAnything(deno);
      },
      get processTrees() {
        return windows && mayRunAnything(deno);
      },
      get mergedOutput() {
        // A shell does it, which a list of allowed commands must not be got around by.
        return !windows && mayRunAnything(deno);
      },
      killOnHostExit: true,
    },
    remedies: { mergedOutput: "run again with --allow-run without a list" },
    spawn: (request) => {
      if (windows) watcher?.arm(); // says that there is none
      if (windows) return startOnWindows(deno, request);
      return (request.mergeStderr ? startMerged : startDenoChild)(deno, request, watcher);
    },
    ...(windows && { shells: windowsShells(readableVariables(deno)), shellText: windowsShellText }),
    // Without leave to look there is no looking: run() then tries one shell after the other.
    get findExecutable() {
      return mayLook(deno) ? (candidates: readonly string[]) => findExecutable(deno, candidates) : undefined;
    },
  };
}

async function startOnWindows(deno: DenoApi, request: SpawnRequest): Promise<Child> {
  return await (await import("./windows/deno_child.ts")).startWindowsDenoChild(deno, request);
}

function mayRunAnything(deno: DenoApi): boolean {
  return deno.permissions.querySync({ name: "run" }).state === "granted";
}

async function findExecutable(deno: DenoApi, candidates: readonly string[]): Promise<string | undefined> {
  for (const candidate of candidates) {
    for (const path of /[\\/]/.test(candidate) ? [candidate] : inPath(deno, candidate)) {
      if (await isExecutable(deno, path)) return candidate;
    }
  }
  return undefined;
}

function inPath(deno: DenoApi, name: string): string[] {
  const directories = (deno.env.get("PATH") ?? "").split(deno.build.os === "windows" ? ";" : ":");
  return directories.map((directory) => `${directory}/${name}`);
}

/** Whether it may look at files and at PATH; asked each time, because both can change. */
function mayLook(deno: DenoApi): boolean {
  const needed = [{ name: "read" }, { name: "env", variable: "PATH" }] as const;
  return needed.every((permission) => deno.permissions.querySync(permission).state === "granted");
}

async function isExecutable(deno: DenoApi, path: string): Promise<boolean> {
  try {
    const { isFile, mode } = await deno.stat(path);
    // Windows has no execute permission: there the name tells.
    return isFile &&
      (deno.build.os === "windows" ? isStartable(path) : mode === null || (mode & 0o111) !== 0);
  } catch {
    return false;
  }
}
