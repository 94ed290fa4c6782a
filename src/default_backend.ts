/**
 * The backend an executor gets when its options name none: mod.ts says which, and it is loaded on first use.
 * @module
 */
import type { Backend } from "./backend.ts";
import { ExecError } from "./errors.ts";

let load: (() => Promise<Backend>) | undefined;
let loaded: Promise<Backend> | Backend | undefined;

/** Says how the runtime's own backend is loaded. */
export function setDefaultBackend(loader: () => Promise<Backend>): void {
  load ??= loader;
}

/** The runtime's own backend; a failure to load it is tried again the next time. */
export function defaultBackend(): Promise<Backend> | Backend {
  if (loaded) return loaded;
  if (!load) {
    throw new ExecError("unsupported", `No backend is known here: give createExecutor the option "backend".`);
  }
  return loaded = load().then(
    (backend) => loaded = backend,
    (error) => {
      loaded = undefined;
      throw error;
    },
  );
}
