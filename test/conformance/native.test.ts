import { describe, it } from "vitest";
import { conformance } from "../../src/testing/mod.ts";
import { leaveOut, nativeBackend } from "../support/native_backend.ts";

await conformance("the runtime's own backend", () => nativeBackend(), { describe, it }, { leaveOut });
