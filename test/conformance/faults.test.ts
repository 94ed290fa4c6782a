import { describe, expect, it } from "vitest";
import { conformance } from "../../src/testing/mod.ts";
import { CollectedSuite } from "../support/collected_suite.ts";
import { FAULTS } from "../support/faults.ts";
import { nativeBackend } from "../support/native_backend.ts";

describe("the conformance suite finds", () => {
  // What hangs by its fault is given up soon; that a good backend passes in time is for native.test.ts to say.
  it.each(FAULTS)("$fault", async ({ breaks, says, backend }) => {
    const suite = new CollectedSuite();
    const options = { runs: 20, deadline: 4_000 };
    await conformance("faulty", async () => backend(await nativeBackend()), suite, options);
    await expect(suite.test(breaks)()).rejects.toThrow(says);
  });
});
