/**
 * What a run of many commands must not leave behind in its host.
 * @module
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import process from "node:process";

/** Counts of what is in use, by name. */
export type Usage = Record<string, number>;

type Timers = Record<string, (...args: unknown[]) => unknown>;

const outstanding = new Set<unknown>();
const listening: Usage = {};
const unhandled: unknown[] = [];

/** Must be called before anything else runs: counts timers, listeners and rejections that nobody handles. */
export function watch(): void {
  const timers = globalThis as unknown as Timers;
  for (
    const [set, clear, once] of [["setTimeout", "clearTimeout", true], [
      "setInterval",
      "clearInterval",
      false,
    ]] as const
  ) {
    const [reallySet, reallyClear] = [timers[set]!, timers[clear]!];
    timers[set] = (callback, ...rest) => {
      const handle = reallySet((...args: unknown[]) => {
        if (once) outstanding.delete(handle);
        return (callback as (...args: unknown[]) => unknown)(...args);
      }, ...rest);
      outstanding.add(handle);
      return handle;
    };
    timers[clear] = (handle) => {
      outstanding.delete(handle);
      return reallyClear(handle);
    };
  }
  const { Deno } = globalThis as unknown as { Deno?: object };
  if (Deno) {
    count(Deno, "addSignalListener", "removeSignalListener");
    count(globalThis, "addEventListener", "removeEventListener");
  }
  process.on("unhandledRejection", (error) => void unhandled.push(error));
}

/** Counts the listeners that are added to an object and not removed. */
export function count(target: object, add: string, remove: string): void {
  const methods = target as Record<string, (name: string, ...rest: unknown[]) => unknown>;
  const [reallyAdd, reallyRemove] = [methods[add]!, methods[remove]!];
  const change = (name: string, by: number) => listening[name] = (listening[name] ?? 0) + by;
  const replace = (name: string, value: unknown) =>
    Object.defineProperty(target, name, { value, configurable: true });
  replace(add, (name: string, ...rest: unknown[]) => {
    change(name, 1);
    return reallyAdd.call(target, name, ...rest);
  });
  replace(remove, (name: string, ...rest: unknown[]) => {
    change(name, -1);
    return reallyRemove.call(target, name, ...rest);
  });
}

/** What is in use now. */
export function usage(): Usage {
  const processListeners = ["exit", "SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"].map((name) =>
    [`process listeners of ${name}`, process.listenerCount(name)] as const
  );
  // What Node itself counts: processes, pipes, timers.
  const resources = (process.getActiveResourcesInfo?.() ?? []).filter((name) =>
    /^(Process|Pipe)Wrap$/.test(name)
  );
  return {
    descriptors: descriptors().length,
    "processes and pipes of the loop": resources.length,
    timers: outstanding.size,
    "unhandled rejections": unhandled.length,
    zombies: zombies().length,
    ...Object.fromEntries(processListeners),
    ...Object.fromEntries(Object.entries(listening).map(([name, n]) => [`listeners of ${name}`, n])),
  };
}

/** What is more in use than before. */
export function grown(before: Usage): string[] {
  return Object.entries(usage())
    .filter(([name, now]) => now > (before[name] ?? 0))
    .map(([name, now]) => `${name}: ${now}, before ${before[name] ?? 0}`);
}

/** What the open descriptors are. */
export function descriptors(): string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return []; // the one that reads the directory
    }
  });
}

export function unhandledErrors(): readonly unknown[] {
  return unhandled;
}

/** The children of this process that have ended and were not reaped. */
function zombies(): string[] {
  return numbers().filter((pid) => {
    const stat = read(`/proc/${pid}/stat`);
    const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" && Number(parent) === process.pid;
  });
}

/** The processes that run and were started by this run, each with its mark. */
export function survivors(token: string): { pid: number; mark: string }[] {
  return numbers().flatMap((pid) => {
    const variables = read(`/proc/${pid}/environ`).split("\0");
    const mark = variables.find((variable) => variable.startsWith(`POLYSPAWN_CHAOS=${token}:`));
    return mark === undefined ? [] : [{ pid: Number(pid), mark }];
  });
}

function numbers(): string[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
