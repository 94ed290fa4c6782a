/**
 * How Node and Bun tell that the host ends.
 * @module
 */
import process from "node:process";
// A test may have put another in the place of the global one before the first command loads this.
import { setImmediate } from "node:timers";
import { type HostHooks, LiveChildren } from "./live_children.ts";
import { CONTROL_C_EXIT } from "./windows/control_c.ts";

/**
 * Settles when Node has delivered the signals that it had noted. It hears of them and of ends of children at once, and
 * drops a signal whose listener goes with the child.
 */
export function turned(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

const hooks: HostHooks = {
  onEnd: (callback) => {
    process.on("exit", callback);
    return () => void process.off("exit", callback);
  },
  onSignal: (signal, callback) => {
    // A handler of the host's own, whenever it came, decides; if it ends the host, the exit hook acts.
    const listener = () => {
      if (process.listenerCount(signal) === 1) callback();
    };
    // Before the others: one that is to be called once is no longer counted when it has been.
    process.prependListener(signal, listener);
    return () => void process.off(signal, listener);
  },
  afterTurn: (callback) => void setImmediate(callback),
  afterListeners: (callback) => callback(),
  raise: (signal) => {
    if (process.platform === "win32") process.exit(CONTROL_C_EXIT);
    process.kill(process.pid, signal);
  },
};

/** One for all copies of this module in a process: each copy would take the others' handlers for the host's own. */
const shared = globalThis as unknown as Record<symbol, LiveChildren | undefined>;
const KEY = Symbol.for("polyspawn.liveChildren.node.1");

/** The children that were started here and may still run. */
export const nodeChildren: LiveChildren = shared[KEY] ??= new LiveChildren(hooks);
