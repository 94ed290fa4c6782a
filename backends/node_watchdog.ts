/**
 * The watchdog of a Node or Bun host.
 * @module
 */
import { spawn } from "node:child_process";
import type { Socket } from "node:net";
import process from "node:process";
import { startOnBun } from "./bun_watchdog.ts";
import { startTimeOf } from "./node_proc.ts";
import { Watchdog, type WatchdogPipe, type WatchdogRuntime } from "./watchdog.ts";

const runtime: WatchdogRuntime = {
  start(argv, onEnd): WatchdogPipe {
    // Windows has neither this shell nor groups.
    if (process.platform === "win32") throw new Error("not on Windows");
    return startOnBun(argv, onEnd) ?? startOnNode(argv, onEnd);
  },
  startTime: startTimeOf,
  every: (ms, callback) => setInterval(callback, ms).unref(),
  clear: (timer) => clearInterval(timer as NodeJS.Timeout),
  warn: (message) => process.emitWarning(message),
};

function startOnNode(
  [file, ...args]: readonly [string, ...string[]],
  onEnd: (why: string) => void,
): WatchdogPipe {
  const child = spawn(file, args, {
    detached: true,
    cwd: "/",
    env: {},
    stdio: ["pipe", "ignore", "ignore"],
  });
  child.on("error", (error) => onEnd(error.message));
  child.on("exit", () => onEnd("it ended"));
  child.unref();
  const stdin = child.stdin as Socket | undefined;
  // That nobody reads any more is told by the exit.
  stdin?.on("error", () => {});
  stdin?.unref?.();
  // What a pipe has room for is written before `write` returns.
  const send = (text: string) => void stdin?.write(text);
  return { send, end: () => void stdin?.end() };
}

/** One for all copies of this module in a process. */
const shared = globalThis as unknown as Record<symbol, Watchdog | undefined>;
const KEY = Symbol.for("polyspawn.watchdog.node.1");

/** The watchdog of this process, or worker thread. */
export function nodeWatchdog(): Watchdog {
  return shared[KEY] ??= new Watchdog(runtime);
}
