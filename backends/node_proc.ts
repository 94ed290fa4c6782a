/**
 * Reads `/proc` at once, on Node and on Bun.
 * @module
 */
import { Buffer } from "node:buffer";
import { closeSync, openSync, readSync } from "node:fs";
import { statFields } from "./proc_stat.ts";

/** Room for a line of `stat`; read into the same memory each time, because every process is looked at. */
const buffer = Buffer.allocUnsafe(1024);

/** The fields of a process's `stat`; `undefined` where there is no such process, or no `/proc`. */
export function readStat(pid: number): string[] | undefined {
  try {
    const file = openSync(`/proc/${pid}/stat`, "r");
    try {
      return statFields(buffer.toString("latin1", 0, readSync(file, buffer)));
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}
