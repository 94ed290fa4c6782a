/** Type-checks a user's program against a package, in the ways users set up TypeScript. */
import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runtimes } from "../tools.mjs";
import { allAtOnce } from "./at_once.mjs";
import { capture, npmInstall } from "./capture.mjs";
import { check, expect, expectSame } from "./report.mjs";

/** The oldest that is supported, and each newer line. */
const TYPESCRIPTS = ["5.9", "6.0", "7.0"];
const TYPES_NODE = ["20", "latest"];

const MODULES = {
  nodenext: { module: "nodenext", moduleResolution: "nodenext" },
  bundler: { module: "preserve", moduleResolution: "bundler" },
};
const BOTH = Object.keys(MODULES);

/**
 * Where the types work, as README tells: with @types/node of some version, or else with libraries of TypeScript. How
 * modules are found has nothing to do with that, so each way meets both, but not every one of them.
 */
const ENVIRONMENTS = {
  "@types/node 20": { typesNode: "20", lib: ["ES2022"], modules: BOTH },
  "@types/node latest": { typesNode: "latest", lib: ["ES2022"], modules: ["nodenext"] },
  "DOM": { lib: ["ES2022", "DOM"], modules: BOTH },
  "WebWorker": { lib: ["ES2022", "WebWorker"], modules: ["nodenext"] },
};
const BARE = { lib: ["ES2022"] };

/** The names that ES2022 has not and the package does not bring; README tells. */
const NEEDED = ["AbortSignal", "ReadableStream", "URL", "WritableStream"];

/** Installs the compilers, and @types/node in its versions, into a directory of their own. */
export async function installTypes(directory) {
  mkdirSync(directory, { recursive: true });
  await npmInstall(
    directory,
    TYPESCRIPTS.map((version) => `typescript-${version}@npm:typescript@~${version}.0`),
  );
  for (const version of TYPES_NODE) {
    const types = join(directory, `types-node-${version}`);
    mkdirSync(types);
    await npmInstall(types, [`@types/node@${version}`]);
  }
  return directory;
}

/** Checks the types of the package that a consumer has installed. */
export async function checkTypes(packageName, tools, consumer) {
  const jobs = [];
  for (const typescript of TYPESCRIPTS) {
    for (const [name, { typesNode, lib, modules }] of Object.entries(ENVIRONMENTS)) {
      for (const module of modules) {
        jobs.push(() =>
          check(`${packageName}: types under TypeScript ${typescript}, ${module}, ${name}`, async () => {
            const { code, text } = await compile(consumer, tools, { typescript, module, typesNode, lib });
            expect(code === 0, text.trim());
          })
        );
      }
    }
    jobs.push(() =>
      check(
        `${packageName}: TypeScript ${typescript} without libraries misses only what is documented`,
        async () => {
          const { text } = await compile(consumer, tools, { typescript, module: "nodenext", ...BARE });
          expectSame(missingNames(text), NEEDED, "missing names");
          return NEEDED.join(", ");
        },
      )
    );
  }
  await allAtOnce(jobs);
}

/** What the package's own declarations use that is not there; a message of another kind stands for itself. */
function missingNames(text) {
  const lines = text.split("\n").filter((line) => line.includes("node_modules/polyspawn/"));
  const names = lines.map((line) => /Cannot find name '(\w+)'/.exec(line)?.[1] ?? line);
  return [...new Set(names)].sort();
}

/** Compiles the program of types in a project of its own, made when it is first asked for. */
async function compile(consumer, tools, { typescript, module, typesNode, lib }) {
  const directory = join(consumer, `types-${typesNode ?? "none"}-${lib.join("-")}-${module}`.toLowerCase());
  if (!existsSync(directory)) {
    mkdirSync(directory);
    const programs = ["types.ts", "entries.ts", ...(module === "nodenext" ? ["types_required.cts"] : [])];
    for (const program of programs) cpSync(join(consumer, program), join(directory, program));
    const types = join(tools, `types-node-${typesNode}/node_modules`);
    if (typesNode) cpSync(types, join(directory, "node_modules"), { recursive: true });
  }
  const compilerOptions = {
    ...MODULES[module],
    target: "ES2022",
    lib,
    types: typesNode ? ["node"] : [],
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: false,
  };
  // A file for each compiler, because two of them may run here at the same time.
  const project = join(directory, `tsconfig.${typescript}.json`);
  writeFileSync(project, JSON.stringify({ compilerOptions, include: ["*.ts", "*.cts"] }));
  const compiler = join(tools, `node_modules/typescript-${typescript}/bin/tsc`);
  return await capture([runtimes.node, compiler, "-p", project], { cwd: directory });
}
