/**
 * What `npm test` runs: checks, a build, and one suite of tests on every runtime.
 *
 *   node scripts/test.mjs [STEP...] [-- ARGUMENT_OF_VITEST...]
 *
 * Without a step all of them run, in order. `NAME=PATH` is a step too: vitest on the Node at PATH, under that
 * name. A suite's last line is `NAME: N passed, N failed, N skipped`; the last line of all is the total.
 */
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, relative } from "node:path";
import { checkFrameworks } from "./check_frameworks.mjs";
import { endedBy, env, root, run, runtimes, tsc, typedoc, vitest } from "./tools.mjs";

const { node, deno, bun } = runtimes;

/** Steps that check something: each is a list of commands that must all succeed. */
const checks = {
  types: () => [[node, tsc, "--noEmit"], [deno, "check", ...entryPoints()]],
  layers: () => [[node, "scripts/check_layers.mjs"]],
  lint: () => [[deno, "lint"]],
  format: () => [[deno, "fmt", "--check"]],
  // What JSR asks of a package: no slow types, and every public symbol documented.
  publish: () => [
    [deno, "publish", "--dry-run", "--allow-dirty", "--quiet"],
    [deno, "doc", "--lint", "--quiet", ...publicEntryPoints()],
  ],
  docs: () => [[node, typedoc, "--emit", "none"], [node, "scripts/check_gotchas.mjs"]],
  // They run sh, sort and the like.
  examples: () => process.platform === "win32" ? [] : [[node, "scripts/check_examples.mjs"]],
  // The step "types" reports type errors already, and hosts in test/fixtures can run in spite of them.
  build: () => [[node, tsc, "-p", "tsconfig.build.json", "--noCheck"]],
};

/** Steps that run tests: each answers its counts. */
const suites = {
  node: () => runVitest([node, vitest]),
  deno: () => runVitest([deno, "run", "-A", "npm:vitest"]),
  // By its path: `bun --bun vitest` would make the `node` that tests find on PATH a Bun in disguise.
  bun: () => runVitest([bun, "--bun", vitest]),
  deno_test: runDenoTest,
  // Needs the step "build", and programs of POSIX.
  frameworks: () => checkFrameworks(temporary),
};

const given = process.argv.slice(2);
const dashes = given.includes("--") ? given.indexOf("--") : given.length;
const vitestArguments = given.slice(dashes + 1);
const steps = dashes > 0 ? given.slice(0, dashes) : [...Object.keys(checks), ...Object.keys(suites)];
for (const step of steps) {
  if (Object.hasOwn(checks, step) || Object.hasOwn(suites, step)) continue;
  const [name, path] = step.split(/=(.*)/s);
  if (!path || !/^\w+$/.test(name)) {
    console.error(
      `There is no step "${step}": name some of ${Object.keys({ ...checks, ...suites }).join(", ")}.`,
    );
    process.exit(2);
  }
  suites[step] = () => runVitest([path, vitest], { ...env, PATH: dirname(path) + delimiter + env.PATH });
}

const temporary = mkdtempSync(join(tmpdir(), "polyspawn-test-"));
const total = { passed: 0, failed: 0, skipped: 0 };
const failures = [];
const flaky = [];
try {
  for (const step of steps) {
    if (endedBy()) break;
    const name = step.split("=")[0];
    console.log(`\n== ${name}`);
    const start = performance.now();
    const counts = suites[step] && settle(await suites[step]());
    const good = counts ? counts.good : await succeed(checks[step]());
    if (!good) failures.push(name);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.log(`== ${name} ${good ? "succeeded" : "FAILED"} after ${seconds} s`);
    for (const test of counts?.flaky ?? []) flaky.push(`${name}: ${test}`);
    if (counts) console.log(countsLine(name, counts));
    for (const key of Object.keys(total)) total[key] += counts?.[key] ?? 0;
  }
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

console.log();
if (endedBy()) console.log(`Ended by ${endedBy()} before all steps had run.`);
if (failures.length > 0) console.log(`Steps that failed: ${failures.join(", ")}`);
// A test that fails now and then is a defect all the same: vitest.config.ts only keeps it from failing a whole run.
for (const test of flaky) console.log(`Passed only when tried again: ${test}`);
// A script that adds several runs up, such as .ci/run, names a file for the figures and prints the total itself.
const { TEST_TOTALS } = process.env;
console.log(countsLine(TEST_TOTALS ? "subtotal" : "total", total));
if (TEST_TOTALS) {
  appendFileSync(TEST_TOTALS, `${total.passed} ${total.failed} ${total.skipped}\n`);
  appendFileSync(`${TEST_TOTALS}.flaky`, flaky.map((test) => `${test}\n`).join(""));
}
process.exitCode = failures.length > 0 || endedBy() ? 1 : 0;

function countsLine(name, { passed, failed, skipped }) {
  return `${name}: ${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** Runs all commands, also after one that failed, so that one run shows everything there is to mend. */
async function succeed(commands) {
  let good = true;
  for (const argv of commands) good = (await run(argv)) === 0 && good;
  return good;
}

/** A suite that went wrong in another way than by a failed test counts as one failure, never as none. */
function settle({ code, passed, failed, skipped, flaky = [] }) {
  let problem;
  if (code !== 0 && failed === 0) problem = "It ended with an error outside of the tests: see above.";
  else if (passed + failed === 0) problem = "It ran no test.";
  if (problem) console.error(problem);
  failed += problem ? 1 : 0;
  return { passed, failed, skipped, flaky, good: failed === 0 };
}

/** Runs vitest with its usual report on the screen and its JSON report beside it, for the counts. */
async function runVitest(argv, environment = env) {
  const file = join(temporary, "vitest.json");
  rmSync(file, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const code = await run([...argv, "run", ...reporters, ...vitestArguments], { environment });
  const report = readReport(file, JSON.parse);
  if (!report) return { code: code || 1, passed: 0, failed: 0, skipped: 0 };
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = report;
  // A file that cannot be loaded, or whose hook throws, has failed without a failed test in it.
  const brokenFiles = testResults.filter(({ status, assertionResults }) =>
    status === "failed" && !assertionResults.some((test) => test.status === "failed")
  );
  return {
    code,
    passed: numPassedTests,
    failed: numFailedTests + brokenFiles.length,
    skipped: numPendingTests + numTodoTests,
    flaky: testResults.flatMap(({ name, assertionResults }) =>
      assertionResults
        .filter((test) => test.status === "passed" && test.failureMessages.length > 0)
        .map((test) => `${relative(root, name)}: ${test.fullName}: ${test.failureMessages[0].split("\n")[0]}`)
    ),
  };
}

/** Runs each file of test/deno by itself, under the permissions its first line names and no others. */
async function runDenoTest() {
  const sum = { code: 0, passed: 0, failed: 0, skipped: 0 };
  const names = readdirSync(join(root, "test/deno")).filter((name) => name.endsWith("_test.ts")).sort();
  for (const path of names.map((name) => `test/deno/${name}`)) {
    if (endedBy()) break;
    const [, named = ""] = /^\/\/ flags:(.*)/.exec(readFileSync(join(root, path), "utf8")) ?? [];
    const flags = named.split(/\s+/).filter((flag) => flag !== "" && flag !== "none");
    const file = join(temporary, "deno.xml");
    rmSync(file, { force: true });
    console.log(`-- ${["deno test", ...flags, path].join(" ")}`);
    const code = await run([deno, "test", "--no-prompt", `--junit-path=${file}`, ...flags, path]);
    const counts = settle({
      code,
      ...(readReport(file, junitCounts) ?? { passed: 0, failed: 0, skipped: 0 }),
    });
    for (const key of Object.keys(total)) sum[key] += counts[key];
  }
  return sum;
}

/** The counts in a JUnit report as `deno test` writes it: ignored tests stand with the files, not in the sum. */
function junitCounts(report) {
  const count = (element, attribute) => {
    const found = report.matchAll(new RegExp(`^ *<${element} [^>]*\\b${attribute}="(\\d+)"`, "gm"));
    return [...found].reduce((sum, [, number]) => sum + Number(number), 0);
  };
  const failed = count("testsuites", "failures") + count("testsuites", "errors");
  const skipped = count("testsuite", "disabled");
  return { passed: count("testsuites", "tests") - failed - skipped, failed, skipped };
}

/** What `parse` makes of a report; undefined when its writer did not come to write it, or not to the end. */
function readReport(file, parse) {
  try {
    return parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/** What users import. */
function publicEntryPoints() {
  return Object.values(JSON.parse(readFileSync(join(root, "deno.json"), "utf8")).exports);
}

/** What users import, and every backend besides. */
function entryPoints() {
  const backends = readdirSync(join(root, "backends")).filter((name) => name.endsWith(".ts"));
  return [...new Set([...publicEntryPoints(), ...backends.map((name) => `./backends/${name}`)])];
}
