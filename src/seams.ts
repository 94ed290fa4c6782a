/**
 * Checks what callers bring of their own: a backend, a clock.
 * @module
 */
import type { Backend } from "./backend.ts";
import { invalidOption, show } from "./check.ts";
import type { Clock } from "./clock.ts";

/** A backend, or nothing. */
export function checkBackend<B extends Backend>(name: string, backend: B | undefined): B | undefined {
  return backend === undefined ? undefined : checkIsBackend(name, backend);
}

/** A backend. */
export function checkIsBackend<B extends Backend>(name: string, backend: B): B {
  const isBackend = typeof backend?.spawn === "function" && typeof backend.capabilities === "object" &&
    backend.capabilities !== null;
  if (isBackend) return backend;
  throw invalidOption(name, `must be a Backend with "spawn" and "capabilities", got ${show(backend)}.`);
}

/** A clock, or nothing. */
export function checkClock(name: string, clock: Clock | undefined): Clock | undefined {
  if (clock === undefined) return undefined;
  const isClock = [clock?.now, clock?.setTimeout, clock?.clearTimeout].every((method) =>
    typeof method === "function"
  );
  if (isClock) return clock;
  throw invalidOption(
    name,
    `must be a Clock with "now", "setTimeout" and "clearTimeout", got ${show(clock)}.`,
  );
}
