/**
 * How Deno tells that the host ends.
 * @module
 */
import type { DenoApi } from "./deno_api.ts";
import { type HostHooks, LiveChildren } from "./live_children.ts";
import { CONTROL_C_EXIT } from "./windows/control_c.ts";

/** The part of an event that is used, typed alike for every tool. */
interface HostEvent {
  readonly defaultPrevented: boolean;
  readonly eventPhase: number;
}

/** The part of the global object that is used. */
interface Events {
  addEventListener(type: string, listener: (event: HostEvent) => void): void;
  removeEventListener(type: string, listener: (event: HostEvent) => void): void;
}

/** Long enough for a signal to come from another thread, and for all its listeners to be called, in ms. */
const TURN = 5;

/** How long a signal that nobody handles may take, in ms; the host stands still so long when somebody does. */
const DEATH = 200;

/** Whether the host handles it the way of Node, which keeps it alive. */
function listensOnProcess(event: string): boolean {
  const { process } = globalThis as { process?: { listenerCount?(event: string): number } };
  return (process?.listenerCount?.(event) ?? 0) > 0;
}

/**
 * Calls back once all listeners of an event have had their say, also those that were added later than this one, and
 * none has prevented what comes of it. No event tells that; but Deno, and nobody else at that time, then looks whether
 * it was prevented, and so the look is listened to.
 */
function afterEventListeners(event: HostEvent, callback: () => void): void {
  if (event.defaultPrevented) return;
  Object.defineProperty(event, "defaultPrevented", {
    configurable: true,
    get() {
      const prevented = Reflect.get(Object.getPrototypeOf(event), "defaultPrevented", event) as boolean;
      if (event.eventPhase !== 0) return prevented; // a listener asks
      Reflect.deleteProperty(event, "defaultPrevented");
      if (!prevented) callback();
      return prevented;
    },
  });
}

function denoHooks(deno: DenoApi): HostHooks {
  const events = globalThis as unknown as Events;
  const windows = deno.build.os === "windows";
  return {
    onEnd: (callback) => {
      // An uncaught error ends the host without "unload", unless somebody prevents that.
      const unless = (handled: string) => (event: HostEvent) =>
        afterEventListeners(event, () => listensOnProcess(handled) || callback());
      const listeners = {
        unload: () => callback(),
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
    afterTurn: (callback) => deno.unrefTimer(setTimeout(callback, TURN) as unknown as number),
    // A turn later, so that a handler of the host's own that exits has done so, by the code it chose.
    afterListeners: (callback) => void setTimeout(callback, TURN),
    raise: (signal) => {
      if (windows) deno.exit(CONTROL_C_EXIT);
      try {
        deno.kill(deno.pid, signal);
        // Another thread brings it. Nothing that comes after the end may still be done.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, DEATH);
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
