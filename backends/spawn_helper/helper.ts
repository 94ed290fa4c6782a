/**
 * The helper of this process: started when it is needed, gone when it is not, and the watchdog meanwhile.
 * @module
 */
import process from "node:process";
import { startTimeOf } from "../node_proc.ts";
import { Watchdog, type WatchdogPipe, type WatchdogRuntime } from "../watchdog.ts";
import { HelperConnection } from "./connection.ts";

/** For how many ticks of a second it stays with nothing to do: a start takes as long as many commands. */
const IDLE_TICKS = 5;

/** Runs helpers, one at a time, where a watchdog would run its script. */
class HelperRuntime implements WatchdogRuntime {
  readonly idleTicks = IDLE_TICKS;
  /** The one to ask; `undefined` when there is none. */
  connection: HelperConnection | undefined;
  /** How many requests are under way. */
  busy = 0;

  start(_argv: readonly string[], onEnd: (why: string, worked: boolean) => void): WatchdogPipe {
    const connection = new HelperConnection((why, worked) => {
      if (this.connection === connection) this.connection = undefined;
      onEnd(why, worked);
    });
    this.connection = connection;
    return {
      send: (text) => connection.send(text),
      end: () => {
        if (this.connection === connection) this.connection = undefined;
        connection.end();
      },
    };
  }

  isBusy(): boolean {
    return this.busy > 0;
  }

  startTime(pid: number): string {
    return startTimeOf(pid);
  }

  every(ms: number, callback: () => void): unknown {
    return setInterval(callback, ms).unref();
  }

  clear(timer: unknown): void {
    clearInterval(timer as NodeJS.Timeout);
  }

  warn(message: string): void {
    process.emitWarning(message);
  }

  complaint(why: string): string {
    return `polyspawn: there is no spawning helper, so this process starts its commands itself, and what it starts ` +
      `outlives it when it is killed by SIGKILL. ${process.execPath}: ${why}`;
  }
}

/** A helper and the watchdog in it. */
export interface SpawnHelper {
  readonly runtime: HelperRuntime;
  readonly watchdog: Watchdog;
}

/** One for all copies of this module in a process. */
const shared = globalThis as unknown as Record<symbol, SpawnHelper | undefined>;
const KEY = Symbol.for("polyspawn.spawnHelper.node.1");

/** The helper of this process, or worker thread. */
export function spawnHelper(): SpawnHelper {
  const made = shared[KEY];
  if (made) return made;
  const runtime = new HelperRuntime();
  return shared[KEY] = { runtime, watchdog: new Watchdog(runtime) };
}
