/**
 * What Node and Bun offer to tell whether a group is gone.
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
