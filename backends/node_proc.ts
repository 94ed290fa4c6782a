/**
 * Reads `/proc` at once, on Node and on Bun.
 * @module
 */
import { Buffer } from "node:buffer";
import { closeSync, openSync, readSync } from "node:fs";
import { StatField, statField } from "./proc_stat.ts";

/** Room for a line of `stat`; read into the same memory each time, because every process is looked at. */
const buffer = Buffer.allocUnsafe(1024);

/** A process's line of `stat`; `undefined` where there is no such process, or no `/proc`. */
export function readStat(pid: number): string | undefined {
  try {
    const file = openSync(`/proc/${pid}/stat`, "r");
    try {
      return buffer.toString("latin1", 0, readSync(file, buffer));
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}

/** When a process was started, as `/proc` has it; empty where that is not known. */
export function startTimeOf(pid: number): string {
  const stat = readStat(pid);
  return stat === undefined ? "" : statField(stat, StatField.startTime) ?? "";
}
