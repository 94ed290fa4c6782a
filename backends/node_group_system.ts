/**
 * What Node and Bun offer to signal processes, and to tell whether a group is gone.
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import type { GroupSystem } from "./process_group.ts";

/** The system's processes, seen with Node's functions. */
export const groupSystem: GroupSystem = {
  signal: (pid, signal) => void process.kill(pid, signal),
  list: (directory) => readdirSync(directory),
  text: (path) => readFileSync(path, "latin1"),
};

/** Sends a signal to a process, or to the group of a negative number; one that comes too late is no error. */
export function deliver(signal: NodeJS.Signals, pid: number): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
