/**
 * The process of a watchdog on Bun, whose `node:child_process` writes to a child only some turns later: too late when
 * the host is killed meanwhile.
 * @module
 */
import type { WatchdogPipe, WatchdogRuntime } from "./watchdog.ts";

/** The part of `Bun.spawn` that is used. */
interface BunApi {
  spawn(options: {
    cmd: readonly string[];
    cwd: string;
    env: Record<string, string>;
    stdin: "pipe";
    stdout: "ignore";
    stderr: "ignore";
    detached: boolean;
  }): {
    readonly stdin: { write(text: string): unknown; flush(): unknown; end(): unknown; unref?(): void };
    readonly exited: Promise<unknown>;
    unref(): void;
  };
}

/** Starts a watchdog; `undefined` when this is not Bun. */
export function startOnBun(...[argv, onEnd]: Parameters<WatchdogRuntime["start"]>): WatchdogPipe | undefined {
  const { Bun: bun } = globalThis as { Bun?: BunApi };
  if (!bun) return undefined;
  const child = bun.spawn({
    cmd: argv,
    cwd: "/",
    env: {},
    stdin: "pipe",
    stdout: "ignore",
    stderr: "ignore",
    detached: true,
  });
  child.unref();
  const { stdin } = child;
  stdin.unref?.();
  child.exited.then(() => onEnd("it ended"), (error: Error) => onEnd(error.message));
  return {
    send: (text) => {
      // That nobody reads any more is told by the exit.
      attempt(() => stdin.write(text));
      attempt(() => stdin.flush());
      return undefined;
    },
    end: () => attempt(() => stdin.end()),
  };
}

function attempt(action: () => unknown): void {
  const ignore = () => {};
  try {
    Promise.resolve(action()).catch(ignore);
  } catch {
    ignore();
  }
}
