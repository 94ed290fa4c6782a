import { describe, it } from "vitest";
import { conformance, type Program } from "../../src/testing/mod.ts";
import { CollectedSuite } from "../support/collected_suite.ts";
import { TableBackend } from "../support/table_backend.ts";

const prepare = (backend: TableBackend, programs: readonly Program[]) => backend.teach(programs);
const options = { prepare, runs: 20 };

// The table of programs must be true and enough: whoever has no real processes knows nothing else of them.
const name = "a backend that plays the table of programs";
const cases = conformance(name, () => new TableBackend(), { describe, it }, options);

describe("a backend that can do nothing more", () => {
  // Only what differs: what the contract says where a backend can't.
  const suite = new CollectedSuite();
  const poor = { processGroups: false, mergedOutput: false, killOnHostExit: false };
  const poorCases = conformance("poor", () => new TableBackend(poor), suite, options);
  const known = new Set(cases.map(({ title }) => title));
  for (const { concern, title } of poorCases.filter((each) => !known.has(each.title))) {
    it(title, suite.tests.get(`poor > ${concern} > ${title}`)!);
  }
});
