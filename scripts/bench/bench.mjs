/**
 * The benchmark: this package, the bare runtimes, the physical limit in C and the peers, in one run.
 *
 *   npm run bench -- [--quick] [--only=NAME,…] [--on=RUNTIME,…] [--write|--document] [--save=FILE]
 *
 * `--quick` measures fewer rounds, `--only` some scenarios, `--on` some runtimes (node20, node26, deno, bun);
 * `--write` makes docs/benchmarks.json, docs/benchmarks.md and its plots of what was measured; `--document` makes the
 * latter two anew without measuring; `--save` writes the figures somewhere else.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { root } from "../tools.mjs";
import { measureImports } from "./imports.mjs";
import { describeMachine } from "./machine.mjs";
import { judge, measure } from "./measure.mjs";
import {
  buildPackage,
  compileLimit,
  findRuntimes,
  hostEnvironment,
  installPeers,
  versionOf,
} from "./prepare.mjs";
import { printImports, printScenario } from "./report.mjs";
import { scenarios } from "./scenarios.mjs";
import { writeDocument } from "./document.mjs";

const PEERS = ["execa", "nano-spawn", "tinyexec", "zx", "dax"];
const RESULTS = join(root, "docs/benchmarks.json");

const { values: given } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    on: { type: "string" },
    write: { type: "boolean", default: false },
    document: { type: "boolean", default: false },
    save: { type: "string" },
  },
});

if (given.document) {
  await writeDocument(JSON.parse(readFileSync(RESULTS, "utf8")));
  process.exit();
}

const started = performance.now();
installPeers();
const packageUrl = await buildPackage();
const limitProgram = compileLimit();
const runtimes = chosen("runtime", given.on, findRuntimes());
const wanted = chosen("scenario", given.only, [...scenarios, { name: "import" }]);
const environment = hostEnvironment(packageUrl);

const results = {
  machine: describeMachine(),
  date: new Date().toISOString().slice(0, 10),
  runtimes: runtimes.map(({ name, label }) => ({ name, label })),
  peers: Object.fromEntries(PEERS.map((name) => [name, versionOf(name)])),
  limit: limitProgram !== undefined,
  quick: given.quick,
  scenarios: [],
};
console.log(Object.values(results.machine).join("; "));
if (!limitProgram) console.log("No C compiler (cc) is here: the physical limit is left out.");

for (const scenario of wanted) {
  for (const runtime of runtimes) {
    if (scenario.name === "import") {
      const rows = await measureImports(runtime, { packageUrl, environment, rounds: given.quick ? 5 : 11 });
      results.scenarios.push({ name: "import", runtime: runtime.name, rows });
      printImports(runtime, rows);
      continue;
    }
    const rounds = given.quick ? Math.min(3, scenario.rounds) : scenario.rounds;
    const rows = await measure(scenario, runtime, { limitProgram, environment, rounds });
    const targets = judge(scenario, runtime, rows);
    for (const row of rows) {
      delete row.raw;
      delete row.rawCpu;
    }
    const { name, title, unit, axis, sizes } = scenario;
    results.scenarios.push({ name, title, unit, axis, sizes, runtime: runtime.name, rows, targets });
    printScenario(scenario, runtime, rows, targets);
  }
}
results.minutes = Math.round((performance.now() - started) / 6000) / 10;

const missed = results.scenarios.flatMap(({ targets = [] }) => targets).filter(({ held }) => !held);
console.log(`\nIt took ${results.minutes} minutes. Targets missed: ${missed.length}.`);
if (given.save) writeFileSync(given.save, JSON.stringify(results));
if (given.write) {
  mkdirSync(join(root, "docs"), { recursive: true });
  writeFileSync(RESULTS, `${JSON.stringify(results, rounded)}\n`);
  await writeDocument(results);
}

/** The ones a flag names, all when it names none. */
function chosen(what, flag, all) {
  if (flag === undefined) return all;
  return flag.split(",").flatMap((name) => {
    const found = all.filter((each) => each.name === name || each.kind === name);
    if (found.length > 0) return found;
    console.error(`There is no ${what} "${name}": name some of ${all.map((each) => each.name).join(", ")}.`);
    process.exit(2);
  });
}

/** More digits than mean something would only be noise in the diffs. */
function rounded(_, value) {
  return typeof value === "number" ? Number(value.toPrecision(4)) : value;
}
