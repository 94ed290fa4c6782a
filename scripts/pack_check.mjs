/**
 * Checks the package as users have it: packed, installed into an empty directory, and used there on every runtime
 * and from TypeScript. `npm run pack:check`; it needs npm's registry.
 *
 *   node scripts/pack_check.mjs [NAME=PATH...]
 *
 * `NAME=PATH` is another Node at PATH; without any, those are installed from npm. What `npm run build:npm` built goes
 * through the same, when it is there.
 */
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { allAtOnce } from "./pack/at_once.mjs";
import { npmInstall } from "./pack/capture.mjs";
import { makeConsumer, makeLeanConsumer } from "./pack/consumers.mjs";
import { checkContents, checkSameFiles } from "./pack/contents.mjs";
import { checkImportCost } from "./pack/import_cost.mjs";
import { checkByLinters, installLinters } from "./pack/linters.mjs";
import { check, expectSame, totals } from "./pack/report.mjs";
import { checkRuntime } from "./pack/runtimes.mjs";
import { packBuilt, packSources } from "./pack/tarball.mjs";
import { checkTypes, installTypes } from "./pack/types.mjs";
import { root, runtimes } from "./tools.mjs";

const OTHER_NODES = ["22", "24", "26"];

const temporary = mkdtempSync(join(tmpdir(), "polyspawn-pack-"));
try {
  const nodes = [
    { name: `node${process.versions.node.split(".")[0]}`, path: runtimes.node },
    ...await otherNodes(process.argv.slice(2)),
  ];
  const [linters, types] = await Promise.all([
    installLinters(join(temporary, "linters")),
    installTypes(join(temporary, "types")),
  ]);
  const tools = { nodes, linters, types };

  const packed = await packSources(join(temporary, "sources"));
  const names = await checkPackage(packed, tools);
  const built = join(root, "npm");
  if (existsSync(join(built, "package.json"))) {
    const tarball = await packBuilt("dnt", built, join(temporary, "built"));
    const builtNames = await checkPackage(tarball, tools);
    await checkSameFiles(packed, tarball);
    await check(
      "dnt: the same exports as packed from the sources",
      () => expectSame(builtNames, names, "exports"),
    );
  } else {
    console.log("There is no npm/, which `npm run build:npm` makes: only the sources were checked.");
  }
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

const { passed, failed } = totals();
console.log(`package: ${passed} passed, ${failed} failed, 0 skipped`);
if (process.env.TEST_TOTALS) appendFileSync(process.env.TEST_TOTALS, `${passed} ${failed} 0\n`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

/** Puts a package through everything; answers what each entry point exports. */
async function checkPackage(tarball, { nodes, linters, types }) {
  const directory = join(temporary, tarball.name.replaceAll(" ", "-"));
  await checkContents(tarball);
  await checkByLinters(tarball, linters);
  const consumer = await makeConsumer(directory, tarball);
  const lean = `${directory}-lean`;
  await check(`${tarball.name}: "." imports neither a backend nor a module of a runtime`, () => {
    makeLeanConsumer(lean, consumer);
  });
  const all = [...nodes, { name: "deno", path: runtimes.deno }, { name: "bun", path: runtimes.bun }];
  const answers = [];
  await allAtOnce(all.map((runtime, index) => async () => {
    answers[index] = await checkRuntime(tarball.name, runtime, { consumer, lean });
  }));
  await check(`${tarball.name}: the same exports everywhere`, () => {
    for (const answer of answers) expectSame(answer, answers[0], "exports");
  });
  for (const node of nodes) await checkImportCost(tarball.name, node, consumer);
  await checkTypes(tarball.name, types, consumer);
  return answers[0];
}

/** The Nodes named as arguments, else those of npm for this machine. */
async function otherNodes(given) {
  if (given.length > 0) {
    return given.map((argument) => argument.split(/=(.*)/s)).map(([name, path]) => ({ name, path }));
  }
  // Only for Linux is a Node on npm that stands for itself.
  if (process.platform !== "linux") return [];
  const directory = join(temporary, "nodes");
  mkdirSync(directory);
  await npmInstall(
    directory,
    OTHER_NODES.map((version) => `node${version}@npm:node-linux-${process.arch}@${version}`),
  );
  return OTHER_NODES.map((version) => ({
    name: `node${version}`,
    path: join(directory, `node_modules/node${version}/bin/node`),
  }));
}
