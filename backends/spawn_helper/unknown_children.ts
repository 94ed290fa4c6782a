/**
 * What a helper that is to be killed has started without having said so.
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";

/**
 * Stops a helper and kills those of its children that nobody knows of; what it started last may have been told by nobody.
 * Only where `/proc` tells of children: elsewhere it does nothing.
 * @param known the numbers of the others
 */
export function killUnknown(helper: number, known: ReadonlySet<number>): void {
  try {
    // So that it starts none any more.
    process.kill(helper, "SIGSTOP");
    for (const thread of readdirSync(`/proc/${helper}/task`)) {
      const children = readFileSync(`/proc/${helper}/task/${thread}/children`, "latin1");
      for (const pid of children.split(" ").map(Number)) {
        if (pid > 0 && !known.has(pid)) process.kill(-pid, "SIGKILL");
      }
    }
  } catch {
    // It is gone already, or there is no such file.
  }
}
