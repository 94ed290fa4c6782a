import { expect, it, vi } from "vitest";
import { createExecutor } from "../mod.ts";
import { failure } from "./support/outcome.ts";

// The only test of this file, because a second command has everything loaded.
it("the very first command, aborted and out of time while it is loaded, leaves no timer behind", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    // Its timeout passes at once.
    const clock = { now: () => 0, setTimeout: (callback: () => void) => callback(), clearTimeout: () => {} };
    const options = { signal: AbortSignal.abort(), timeout: 1 };
    const error = await failure(() => createExecutor({ clock }).output("true", options));
    expect([error.reason, vi.getTimerCount()]).toEqual(["canceled", 0]);
  } finally {
    vi.useRealTimers();
  }
});
