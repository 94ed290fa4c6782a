/**
 * How Deno tells that the host ends.
 * @module
 */
import type { DenoApi } from "./deno_api.ts";
import { type HostHooks, LiveChildren } from "./live_children.ts";
import { CONTROL_C_EXIT } from "./windows/control_c.ts";

/** The part of the global object that is used, typed alike for every tool. */
interface Events {
  addEventListener(type: string, listener: (event: { readonly defaultPrevented: boolean }) => void): void;
  removeEventListener(type: string, listener: (event: { readonly defaultPrevented: boolean }) => void): void;
}

/** Whether the host handles it the way of Node, which keeps it alive. */
function listensOnProcess(event: string): boolean {
  const { process } = globalThis as { process?: { listenerCount?(event: string): number } };
  return (process?.listenerCount?.(event) ?? 0) > 0;
}

function denoHooks(deno: DenoApi): HostHooks {
  const events = globalThis as unknown as Events;
  const windows = deno.build.os === "windows";
  return {
    onEnd: (callback) => {
      // An uncaught error ends the host without "unload", unless somebody prevents that.
      const unless = (handled: string) => (event: { readonly defaultPrevented: boolean }) =>
        event.defaultPrevented || listensOnProcess(handled) || callback();
      const listeners = {
        unload: callback,
        error: unless("uncaughtException"),
        unhandledrejection: unless("unhandledRejection"),
      };
      for (const [type, listener] of Object.entries(listeners)) events.addEventListener(type, listener);
      return () => {
        for (const [type, listener] of Object.entries(listeners)) events.removeEventListener(type, listener);
      };
    },
    onSignal: (signal, callback) => {
      // Deno refuses to listen to those that Windows does not have.
      if (windows && signal !== "SIGINT" && signal !== "SIGHUP") return () => {};
      deno.addSignalListener(signal, callback);
      return () => deno.removeSignalListener(signal, callback);
    },
    raise: (signal) => {
      if (windows) deno.exit(CONTROL_C_EXIT);
      try {
        deno.kill(deno.pid, signal);
      } catch {
        // Not allowed to signal itself: the exit code tells what a shell would.
        deno.exit(128 + ({ SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 })[signal]);
      }
    },
  };
}

let children: LiveChildren | undefined;

/** The children this module started and that may still run. */
export function denoChildren(deno: DenoApi): LiveChildren {
  return children ??= new LiveChildren(denoHooks(deno));
}
