import { describe, it } from "vitest";
import { conformance } from "../../src/testing/mod.ts";
import { leaveOut, nativeBackend } from "../support/native_backend.ts";

await conformance("the runtime's own backend, with a watchdog", () => nativeBackend({ watchdog: true }), {
  describe,
  it,
}, { leaveOut });
