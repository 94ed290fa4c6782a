/** How each test framework runs one file, and what its report says: they differ in all of it. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root, runtimes, vitest } from "./tools.mjs";

const { node, deno, bun } = runtimes;

/**
 * The frameworks: `command` gives the words that run a file with a JUnit report, only tests whose title has `only` in it
 * where that is given; `suite` is the file of the conformance suite. Beside a file for vitest stands a vitest.config.mjs.
 */
export const frameworks = {
  "vitest": {
    suite: "test/frameworks/on_vitest.ts",
    command: (file, report, { only } = {}) => [
      ...[node, vitest, "run", file, `--config=${join(dirname(file), "vitest.config.mjs")}`],
      ...["--reporter=junit", `--outputFile=${report}`, ...(only ? ["-t", asPattern(only)] : [])],
    ],
  },
  "node:test": {
    // The oldest Node supported cannot run TypeScript.
    suite: ".build/test/frameworks/on_node_test.js",
    command: (file, report, { only } = {}) => [
      ...[node, "--test", "--test-reporter=junit", `--test-reporter-destination=${report}`],
      ...(only ? [`--test-name-pattern=${asPattern(only)}`] : []),
      file,
    ],
  },
  "deno test": {
    suite: "test/frameworks/on_deno_test.ts",
    command: (file, report, { only, permissions = ["-A"] } = {}) => [
      ...[deno, "test", ...permissions, "--no-check", "--no-prompt", `--junit-path=${report}`],
      ...(only ? ["--filter", only] : []),
      file,
    ],
  },
  "bun test": {
    suite: "test/frameworks/on_bun_test.ts",
    command: (file, report, { only } = {}) => [
      ...[bun, "test", file, "--reporter=junit", `--reporter-outfile=${report}`],
      ...(only ? ["-t", asPattern(only)] : []),
    ],
  },
};

for (const framework of Object.values(frameworks)) framework.suite = join(root, framework.suite);

function asPattern(text) {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/** What a JUnit report says of each test: the titles of those that passed and that failed. */
export function readReport(path) {
  const titles = { passed: [], failed: [] };
  for (
    const [, attributes, body = ""] of readFileSync(path, "utf8").matchAll(
      /<testcase\b([^>]*?)(?:\/>|>(.*?)<\/testcase>)/gs,
    )
  ) {
    if (/<skipped\b/.test(body)) continue;
    const [, name] = /\bname="([^"]*)"/.exec(attributes);
    titles[/<(?:failure|error)\b/.test(body) ? "failed" : "passed"].push(unescape(name));
  }
  return titles;
}

function unescape(text) {
  const characters = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  return text
    .replaceAll(
      /&#x?([0-9a-f]+);/gi,
      (all, code) => String.fromCodePoint(Number(all[2] === "x" ? `0x${code}` : code)),
    )
    .replaceAll(/&(lt|gt|quot|apos|amp);/g, (_, name) => characters[name]);
}
