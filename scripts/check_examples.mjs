/**
 * Type-checks and runs every example of the documentation on Node and Deno, against the sources.
 *
 *   node scripts/check_examples.mjs [FILE[:LINE]...]
 *
 * A block marked `ts docker` is run where scripts/ci/docker_engine.sh has started an engine, else type-checked only.
 * A block marked `ts ignore` is type-checked only; `ts ignore-node` and `ts ignore-deno` run on the other one; `ts vitest`,
 * `ts node-test`, `ts deno-test` (without any permission) and `ts bun-test` are run by that framework alone.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { allExamples, FRAMEWORK_FLAGS } from "./extract_examples.mjs";
import { frameworks, readReport } from "./frameworks.mjs";
import { allAtOnce } from "./pack/at_once.mjs";
import { capture, succeed } from "./pack/capture.mjs";
import { check, expect, totals } from "./pack/report.mjs";
import { root, runtimes, tsc } from "./tools.mjs";

const { exports } = JSON.parse(readFileSync(join(root, "deno.json"), "utf8"));
const given = process.argv.slice(2);
const examples = allExamples().filter(({ file, line }) =>
  given.length === 0 || given.some((name) => name === file || name === `${file}:${line - 1}`)
);

// Inside the project, where types and packages are found; each run in a directory of its own.
mkdirSync(join(root, ".build"), { recursive: true });
const directory = mkdtempSync(join(root, ".build/examples-"));
const elsewhere = mkdtempSync(join(tmpdir(), "polyspawn-examples-"));
try {
  // The oldest Node supported cannot run TypeScript.
  await succeed([
    runtimes.node,
    tsc,
    "-p",
    "tsconfig.build.json",
    "--noCheck",
    "--outDir",
    join(directory, "js"),
  ], {
    cwd: root,
  });
  for (const example of examples) prepare(example);
  const config = { test: { include: [`${directory}/*.ts`], pool: "forks" } };
  writeFileSync(join(directory, "vitest.config.mjs"), `export default ${JSON.stringify(config)};\n`);
  if (given.length === 0) await check("an example in every entry point", checkEntryPoints);
  await check("types of the examples for Node", checkTypesForNode);
  await check("types of the examples for Deno", checkTypesForDeno);
  await allAtOnce(
    examples.flatMap((example) => [
      isFor(example, "node") && (() => runOne(example, "Node", [runtimes.node, `${example.path}.mjs`])),
      isFor(example, "deno") &&
      (() => runOne(example, "Deno", [runtimes.deno, "run", "-A", `${example.path}.ts`])),
      frameworkOf(example) && (() => runTests(example, frameworkOf(example))),
    ]).filter(Boolean),
  );
} finally {
  rmSync(directory, { recursive: true, force: true });
  rmSync(elsewhere, { recursive: true, force: true });
}

const { passed, failed } = totals();
console.log(`examples: ${examples.length} examples, ${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || examples.length === 0 ? 1 : 0;

function isFor(example, runtime) {
  const { flags } = example;
  if (flags.includes("docker") && !process.env.POLYSPAWN_DOCKER_HOST) return false;
  return !flags.includes("ignore") && !flags.includes(`ignore-${runtime}`) && !frameworkOf(example);
}

/** The name of the test framework that an example is for, if it is for one. */
function frameworkOf({ flags }) {
  return FRAMEWORK_FLAGS[flags.find((flag) => Object.hasOwn(FRAMEWORK_FLAGS, flag))];
}

function checkEntryPoints() {
  for (const [name, path] of Object.entries(exports)) {
    expect(examples.some(({ file }) => `./${file}` === path), `"${name}" has none`);
  }
}

/** Writes an example as TypeScript, at the lines it has in its file, and as JavaScript for Node. */
function prepare(example) {
  example.path = join(directory, `${example.file.replaceAll("/", "_")}_${example.line}`);
  // A block without imports is a module all the same, and its names its own.
  const code = `${"\n".repeat(example.line - 1)}${example.code}\nexport {};\n`;
  writeFileSync(`${example.path}.ts`, withSources(code, (path) => path.replace(/^\./, "../..")));
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
  const { outputText } = ts.transpileModule(code, { compilerOptions });
  writeFileSync(
    `${example.path}.mjs`,
    withSources(outputText, (path) => path.replace(/^\./, "./js").replace(/ts$/, "js")),
  );
}

/** The code with the package's names replaced by files of it. */
function withSources(code, toFile) {
  return code.replaceAll(
    /(\bfrom |\bimport |\bimport\()"(?:@polyspawn\/)?polyspawn(\/\w+)?"/g,
    (_, before, entry) => {
      const path = exports[`.${entry ?? ""}`];
      if (!path) {
        throw new Error(
          `There is no entry point "polyspawn${entry}": deno.json has ${Object.keys(exports).join(", ")}`,
        );
      }
      return `${before}"${toFile(path)}"`;
    },
  );
}

async function checkTypesForNode() {
  // Neither runtime has types of the other ones' tests.
  const foreign = ["ignore-node", "deno-test", "bun-test"];
  const files = examples.filter(({ flags }) => !flags.some((flag) => foreign.includes(flag)))
    .map(({ path }) => `${path}.ts`);
  const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false };
  const project = join(directory, "tsconfig.json");
  writeFileSync(
    project,
    JSON.stringify({ extends: "../../tsconfig.json", compilerOptions, include: [], files }),
  );
  const { text } = await capture([runtimes.node, tsc, "-p", project], { cwd: directory });
  // A file of the reader's own, in an example that is not run: one that is run would miss it.
  const errors = text.split("\n").filter((line) => line !== "" && !/Cannot find module '\.\.?\//.test(line));
  expect(errors.length === 0, errors.join("\n"));
  return `${files.length} examples`;
}

async function checkTypesForDeno() {
  const files = examples.filter((example) => isFor(example, "deno") || frameworkOf(example) === "deno test")
    .map(({ path }) => `${path}.ts`);
  const { code, text } = await capture([runtimes.deno, "check", "--quiet", ...files], { cwd: root });
  expect(code === 0, text.trim());
  return `${files.length} examples`;
}

/** An example must end by itself, and well, with nothing around it. */
async function runOne({ file, line }, runtime, argv) {
  await check(`${file}:${line - 1} on ${runtime}`, async () => {
    const { code, text } = await capture(argv, {
      // Side by side runs write files of the same names.
      cwd: mkdtempSync(join(elsewhere, "run-")),
      limit: 60_000,
    });
    expect(code === 0, `exit code ${code}\n${text.trim()}`);
  });
}

/** An example that is a file of tests must have some, and all of them must pass. */
async function runTests({ file, line, path }, name) {
  await check(`${file}:${line - 1} under ${name}`, async () => {
    const report = `${path}.xml`;
    const source = `${path}.${name === "node:test" ? "mjs" : "ts"}`;
    const argv = frameworks[name].command(source, report, { permissions: [] });
    const { code, text } = await capture(argv, { cwd: root, limit: 60_000 });
    expect(code === 0, `exit code ${code}\n${text.trim()}`);
    const { passed, failed } = readReport(report);
    expect(passed.length > 0 && failed.length === 0, `${passed.length} passed, ${failed.length} failed`);
    return `${passed.length} tests`;
  });
}
