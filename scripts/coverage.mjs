/**
 * Lines and branches that the tests reach, for the core and each backend; what is not reached, and why, is in
 * docs/reliability.md.
 *
 *   node scripts/coverage.mjs [ARGUMENT_OF_VITEST...]
 *
 * The suite on Node measures the core and the backend of Node. Deno's backend is measured by Deno itself: in the tests
 * of test/deno and the chaos suite, since what vitest runs is not the files as they are.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { env, root, run, runtimes, vitest } from "./tools.mjs";

/** Below these a step fails: what is there is meant to stay. */
const LEAST_LINES = 70;

const temporary = mkdtempSync(join(tmpdir(), "polyspawn-coverage-"));
let good = true;
try {
  const onNode = await coverageOnNode();
  const core = (path) => path.startsWith("src/") && !path.startsWith("src/testing/");
  printArea("core", onNode.filter(({ path }) => core(path)));
  printArea("testing kit", onNode.filter(({ path }) => path.startsWith("src/testing/")));
  printArea(
    "backend of Node",
    onNode.filter(({ path }) => /^backends\/(?!.*(deno|docker|windows))/.test(path)),
  );
  const onDeno = await coverageOnDeno();
  printArea("backend of Deno", onDeno.filter(({ path }) => /^backends\/deno/.test(path)));
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
process.exitCode = good ? 0 : 1;

function printArea(name, files) {
  console.log(`\n${name}`);
  for (const file of files) {
    if (file.lines[0] < file.lines[1] || file.branches[0] < file.branches[1]) print(file);
  }
  const sum = (what) => [0, 1].map((at) => files.reduce((total, file) => total + file[what][at], 0));
  const all = { path: `all ${files.length} files`, lines: sum("lines"), branches: sum("branches") };
  print(all);
  if (files.length > 0 && percent(all.lines) >= LEAST_LINES) return;
  console.error(`Fewer than ${LEAST_LINES} % of its lines are reached.`);
  good = false;
}

function print({ path, lines, branches }) {
  const figure = (pair) => `${percent(pair).toFixed(1)} % (${pair.join("/")})`;
  console.log(`  ${path}: lines ${figure(lines)}, branches ${figure(branches)}`);
}

function percent([reached, all]) {
  return all === 0 ? 100 : 100 * reached / all;
}

async function coverageOnNode() {
  const reports = join(temporary, "node");
  const options = [
    "--coverage.enabled",
    "--coverage.provider=v8",
    "--coverage.include=src/**",
    "--coverage.include=backends/**",
    "--coverage.reporter=json-summary",
    `--coverage.reportsDirectory=${reports}`,
    "--reporter=dot",
  ];
  const code = await run([runtimes.node, vitest, "run", ...options, ...process.argv.slice(2)]);
  if (code !== 0) good = false;
  const summary = join(reports, "coverage-summary.json");
  // After a failed test vitest reports nothing.
  if (!existsSync(summary)) return [];
  const { total: _, ...files } = JSON.parse(readFileSync(summary, "utf8"));
  return Object.entries(files).map(([path, { lines, branches }]) => ({
    path: relative(root, path),
    lines: [lines.covered, lines.total],
    branches: [branches.covered, branches.total],
  }));
}

async function coverageOnDeno() {
  const data = join(temporary, "deno");
  const environment = { ...env, DENO_COVERAGE_DIR: data };
  const steps = [["scripts/test.mjs", "build", "deno_test"], ["scripts/chaos.mjs", "deno", "--count", "400"]];
  // Their tests are counted elsewhere.
  delete environment.TEST_TOTALS;
  for (const step of steps) if ((await run([runtimes.node, ...step], { environment })) !== 0) good = false;
  const { stdout } = spawnSync(runtimes.deno, ["coverage", data, "--include=backends/", "--lcov"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: Infinity,
  });
  return stdout.split("end_of_record").filter((record) => record.includes("SF:")).map((record) => {
    const number = (key) => Number(new RegExp(`^${key}:(\\d+)`, "m").exec(record)?.[1] ?? 0);
    return {
      path: relative(root, /^SF:(.*)$/m.exec(record)[1]),
      lines: [number("LH"), number("LF")],
      branches: [number("BRH"), number("BRF")],
    };
  });
}
