import type { Backend } from "../../src/backend.ts";

/** The backend of the runtime this runs on. */
export async function nativeBackend(): Promise<Backend> {
  if ("Deno" in globalThis) return (await import("../../backends/deno.ts")).denoBackend();
  return (await import("../../backends/node.ts")).nodeBackend();
}
