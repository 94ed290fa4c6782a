/**
 * Starts processes with `node:child_process`, on Node and on Bun.
 * @module
 */
import process from "node:process";
import type { Backend } from "../src/backend.ts";
import { findInHostPath } from "./host_path.ts";
import { startNodeChild } from "./node_child.ts";
import { nodeChildren } from "./node_host.ts";
import { isStartable } from "./windows/lookup.ts";
import { windowsShells, windowsShellText } from "./windows/shells.ts";

/**
 * A backend on `node:child_process`, for Node and Bun.
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
export function nodeBackend(): Backend {
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
    spawn: (request) => startNodeChild(request, nodeChildren),
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
