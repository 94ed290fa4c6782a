/**
 * The watchdog of a Deno host.
 * @module
 */
import type { DenoApi } from "./deno_api.ts";
import { StatField, statField } from "./proc_stat.ts";
import { Watchdog, type WatchdogPipe, type WatchdogRuntime } from "./watchdog.ts";
import { writableSink } from "./web_streams.ts";

/** Lines on their way at which a watchdog counts as stuck; a pipe alone has room for more. */
const MOST_PENDING = 100;

const encoder = new TextEncoder();

function watchdogRuntime(deno: DenoApi): WatchdogRuntime {
  return {
    start([file, ...args], onEnd): WatchdogPipe {
      if (deno.build.os === "windows") throw new Error("not on Windows");
      const child = new deno.Command(file, {
        args,
        cwd: "/",
        clearEnv: true,
        stdin: "piped",
        stdout: "null",
        stderr: "null",
        detached: true,
      }).spawn();
      child.unref();
      child.status.then(() => onEnd("it ended"), (error: Error) => onEnd(error.message));
      const sink = writableSink(child.stdin);
      let pending = 0;
      const send = (text: string) => {
        pending++;
        // That nobody reads any more is told by the exit.
        const sent = sink.write(encoder.encode(text)).catch(() => {}).finally(() => pending--);
        // One that reads no more holds up nobody.
        return pending < MOST_PENDING ? sent : undefined;
      };
      return { send, end: () => void sink.close() };
    },
    startTime: (pid) => {
      try {
        return statField(deno.readTextFileSync(`/proc/${pid}/stat`), StatField.startTime) ?? "";
      } catch {
        return ""; // only allowed under --allow-all
      }
    },
    every: (ms, callback) => {
      const timer = setInterval(callback, ms) as unknown as number;
      deno.unrefTimer(timer);
      return timer;
    },
    clear: (timer) => clearInterval(timer as number),
    warn: (message) => console.warn(message),
  };
}

/** One for all copies of this module in a process. */
const shared = globalThis as unknown as Record<symbol, Watchdog | undefined>;
const KEY = Symbol.for("polyspawn.watchdog.deno.1");

/** The watchdog of this process, or worker. */
export function denoWatchdog(deno: DenoApi): Watchdog {
  return shared[KEY] ??= new Watchdog(watchdogRuntime(deno));
}
