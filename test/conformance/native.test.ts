import { describe, it } from "vitest";
import { conformance } from "../../src/testing/mod.ts";
import { nativeBackend } from "../support/native_backend.ts";

/** What `node:child_process` can't do, on Node and on Bun. */
const leaveOut = {
  "a death by a real-time signal is never success, with no pipe to the command either":
    "the event of an exit tells no such signal, and only a pipe shows it in time",
};

await conformance(
  "the runtime's own backend",
  nativeBackend,
  { describe, it },
  "Deno" in globalThis ? {} : { leaveOut },
);
