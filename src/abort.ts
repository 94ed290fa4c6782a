/**
 * Listens to AbortSignals. One signal may end hundreds of commands, and runtimes take many listeners for a leak: so
 * each signal gets one.
 * @module
 */

const callbacksOf = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls back when a signal that is not aborted yet is aborted; the answer takes that back and leaves no listener. */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const callbacks = callbacksOf.get(signal) ?? listen(signal);
  // The same function may be given twice: each time counts.
  const entry = () => callback();
  callbacks.add(entry);
  return () => {
    callbacks.delete(entry);
    if (callbacks.size === 0) forget(signal, callbacks);
  };
}

const listeners = new WeakMap<Set<() => void>, () => void>();

function listen(signal: AbortSignal): Set<() => void> {
  const callbacks = new Set<() => void>();
  const listener = () => {
    forget(signal, callbacks);
    for (const callback of callbacks) callback();
  };
  callbacksOf.set(signal, callbacks);
  listeners.set(callbacks, listener);
  signal.addEventListener("abort", listener, { once: true });
  return callbacks;
}

function forget(signal: AbortSignal, callbacks: Set<() => void>): void {
  if (callbacksOf.get(signal) !== callbacks) return;
  callbacksOf.delete(signal);
  signal.removeEventListener("abort", listeners.get(callbacks)!);
}
