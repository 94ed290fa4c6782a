/**
 * How Node and Bun tell that the host ends.
 * @module
 */
import process from "node:process";
import { type HostHooks, LiveChildren } from "./live_children.ts";

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
    process.on(signal, listener);
    return () => void process.off(signal, listener);
  },
  raise: (signal) => void process.kill(process.pid, signal),
};

/** The children this module started and that may still run. */
export const nodeChildren: LiveChildren = new LiveChildren(hooks);
