import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Processes and not threads: the tests change directories, listen to signals and count descriptors, and
    // a test that ends its host must not take the others along. Works alike on Node, Deno and Bun.
    pool: "forks",
    // The tests start processes of their own: more workers than cores would make them wait for each other.
    maxWorkers: 2,
    // A machine that does other things as well must not fail a whole run; a second failure does. `npm test` names
    // what passed only then.
    retry: 1,
    // A hang ends here; nothing is measured by it. A loaded machine is slow, not wrong.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
