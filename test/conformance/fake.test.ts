/**
 * The fake keeps the promises of the contract, because the core does.
 */
import { describe, it } from "vitest";
import { conformance, fakeBackend, type Program } from "../../src/testing/mod.ts";
import { CollectedSuite } from "../support/collected_suite.ts";
import { LimitedFake, teachFake } from "../support/teach_fake.ts";

// The table of programs must be true and enough: whoever has no real processes knows nothing else of them.
const cases = conformance("a fake", fakeBackend, { describe, it }, { prepare: teachFake, runs: 20 });

describe("a backend that can do nothing more", () => {
  // Only what differs: what the contract says where a backend can't.
  const suite = new CollectedSuite();
  const capabilities = { processGroups: false, mergedOutput: false, killOnHostExit: false };
  const make = () => new LimitedFake(capabilities);
  const options = {
    prepare: (backend: LimitedFake, programs: readonly Program[]) => backend.teach(programs),
  };
  const poor = conformance("poor", make, suite, { ...options, runs: 20 });
  const known = new Set(cases.filter(({ leftOut }) => leftOut === undefined).map(({ title }) => title));
  for (const { concern, title, leftOut } of poor) {
    if (leftOut !== undefined || known.has(title)) continue;
    it(title, suite.tests.get(`poor > ${concern} > ${title}`)!);
  }
});
