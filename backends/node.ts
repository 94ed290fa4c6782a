/**
 * Starts processes with `node:child_process`, on Node and on Bun.
 * @module
 */
import process from "node:process";
import type { Backend } from "../src/backend.ts";
import { checkSwitches } from "./backend_options.ts";
import { findInHostPath } from "./host_path.ts";
import { startNodeChild } from "./node_child.ts";
import { nodeChildren } from "./node_host.ts";
import { nodeWatchdog } from "./node_watchdog.ts";
import { spawnWithHelper } from "./spawn_helper/spawn.ts";
import { isStartable } from "./windows/lookup.ts";
import { windowsShells, windowsShellText } from "./windows/shells.ts";

/** How a `nodeBackend` works; everything may be left out. */
export interface NodeBackendOptions {
  /**
   * Whether children and their groups are killed even when this process is killed by SIGKILL, or crashes (default:
   * false): a small `sh` beside it sees to that, one for all backends. Not on Windows.
   */
  watchdog?: boolean;
  /**
   * Whether a helper beside this process starts the commands (default: false), one for all backends: a process with much
   * memory is slow to start another, and blocked meanwhile. The helper is the watchdog too. It runs on Node only, not on
   * Windows, not in a single executable and not in Electron: there a warning says so, and commands start as they do
   * without. So do, always, commands with `"inherit"` and without a process group of their own.
   */
  spawnHelper?: boolean;
}

/**
 * A backend on `node:child_process`, for Node and Bun.
 *
 * @param options what it does beyond starting processes
 * @throws {ExecError} `invalid_option`, naming the option and the value
 *
 * @example
 * ```ts
 * import { createExecutor } from "@polyspawn/polyspawn";
 * import { nodeBackend } from "@polyspawn/polyspawn/node";
 *
 * const executor = createExecutor({ backend: nodeBackend() });
 * console.log((await executor.output("echo hello")).stdoutText());
 * ```
 */
export function nodeBackend(options: NodeBackendOptions = {}): Backend {
  const { watchdog, spawnHelper } = checkSwitches(options, ["watchdog", "spawnHelper"]);
  const registers = { live: nodeChildren, watcher: watchdog ? nodeWatchdog() : undefined };
  const windows = process.platform === "win32";
  return {
    name: "node",
    capabilities: {
      processGroups: !windows,
      processTrees: windows,
      mergedOutput: !windows,
      killOnHostExit: true,
    },
    ...(windows && { shells: windowsShells(process.env), shellText: windowsShellText }),
    spawn: spawnHelper
      ? (request) => spawnWithHelper(request, registers)
      : (request) => startNodeChild(request, registers),
    findExecutable,
  };
}

async function findExecutable(candidates: readonly string[]): Promise<string | undefined> {
  for (const candidate of candidates) {
    // Windows has no execute permission: there the name tells.
    if (process.platform === "win32" && !isStartable(candidate)) continue;
    if (await findInHostPath(candidate) !== undefined) return candidate;
  }
  return undefined;
}
