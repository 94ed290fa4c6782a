/**
 * Where no helper can run.
 * @module
 */
import process from "node:process";

/** What later versions of Node have. */
interface Later {
  readonly permission?: { has(scope: string): boolean };
}

/** Why this process can have no helper, as the end of a sentence; `undefined` when it can. */
export async function whyUnsuited(): Promise<string | undefined> {
  const { platform, versions } = process;
  if (versions["bun"] !== undefined || "Deno" in globalThis) return "only Node has one";
  if (platform === "win32") return "there is none on Windows";
  // All of these are called by another name than Node's and run something else than the program they are given.
  if (versions["electron"] !== undefined) return "Electron is no Node that could run it";
  if ("pkg" in process || "__nexe" in process) return "a single executable is no Node that could run it";
  try {
    if ((await import("node:sea")).isSea()) return "a single executable is no Node that could run it";
  } catch {
    // An older Node.
  }
  const { permission } = process as Later;
  if (permission && !permission.has("child")) return "Node's permissions allow no child process";
  return undefined;
}
