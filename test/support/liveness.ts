/**
 * Whether processes run, and ending those a test is answerable for.
 * @module
 */
import { readFileSync } from "node:fs";
import process from "node:process";

/** Whether a process runs; one that has ended and was not reaped (a zombie) does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may hold anything, a parenthesis too.
    return !"ZX".includes(stat.slice(stat.lastIndexOf(")") + 2).charAt(0));
  } catch {
    // Without a /proc (macOS) a zombie can't be told from the living; with one it was reaped meanwhile.
    return process.platform !== "linux";
  }
}

/** Kills a process and the group it leads, whichever of both is there. */
export function killAll(pid: number): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, "SIGKILL");
    } catch {
      // Gone already, or no leader of a group.
    }
  }
}
