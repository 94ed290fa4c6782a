import type { Backend } from "../../src/backend.ts";

/** The backend of the runtime this runs on. */
export async function nativeBackend(
  options: { watchdog?: boolean; spawnHelper?: boolean } = {},
): Promise<Backend> {
  if ("Deno" in globalThis) return (await import("../../backends/deno.ts")).denoBackend(options);
  return (await import("../../backends/node.ts")).nodeBackend(options);
}

/** What that can't do, of the conformance suite: a title, and the reason. */
export const leaveOut: Readonly<Record<string, string>> = "Deno" in globalThis ? {} : {
  "a death by a real-time signal is never success, with no pipe to the command either":
    "the event of an exit tells no such signal, and only a pipe shows it in time",
};
