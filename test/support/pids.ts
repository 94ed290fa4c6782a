/**
 * The processes of a command, which it tells in lines such as `pid 123`.
 */
import { expect } from "vitest";
import { isRunning, killAll } from "./liveness.ts";

/** The process numbers in lines of the output that begin with `word`. */
export function pidsIn(output: string, word = "pid"): number[] {
  return [...output.matchAll(new RegExp(`^${word} (\\d+)$`, "gm"))].map(([, pid]) => Number(pid));
}

/** At least `least` processes were told of, and none of them runs; ends those that do. */
export function expectNoneLeft(output: string, least = 1): void {
  const pids = pidsIn(output);
  const left = pids.filter(isRunning);
  left.forEach(killAll);
  expect(pids.length).toBeGreaterThanOrEqual(least);
  expect(left).toEqual([]);
}
