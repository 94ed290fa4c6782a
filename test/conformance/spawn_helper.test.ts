import { describe, it } from "vitest";
import { conformance } from "../../src/testing/mod.ts";
import { leaveOut, nativeBackend } from "../support/native_backend.ts";
import { runtime } from "../support/host.ts";

/** What the helper can't do beside that: a title, and the reason. */
const missed = {
  "a death by a real-time signal is never success":
    "Node tells no such signal, and the helper may have reaped the process before the host sees its pipe end",
};

// Elsewhere there is none, and commands are started as they always are.
if (runtime === "node") {
  await conformance(
    "the runtime's own backend, with a spawning helper",
    () => nativeBackend({ spawnHelper: true }),
    { describe, it },
    { leaveOut: { ...leaveOut, ...missed } },
  );
} else it.skip("there is a spawning helper on Node only");
