/**
 * Builds the npm package into npm/ from deno.json and the sources, with dnt: `npm run build:npm`. It needs JSR, where
 * dnt comes from; `npm run pack:check` then holds what it made to the same checks as the package of `deno pack`.
 */
import { build, emptyDir } from "@deno/dnt";
import config from "../deno.json" with { type: "json" };
import development from "../package.json" with { type: "json" };

/** Without a scope here: JSR asks for one, npm does not. */
const NAME = "polyspawn";
/** What is published beside the code. */
const DOCUMENTS = config.publish.include.filter((name) => !/\/$|^mod\.ts$|^deno\.json$/.test(name));

const root = new URL("..", import.meta.url);
const output = new URL("npm/", root);
// dnt takes its relative paths from here.
Deno.chdir(root);

// npm's provenance holds only for a package that names the repository it is built from.
const { GITHUB_SERVER_URL, GITHUB_REPOSITORY } = Deno.env.toObject();
const repository = GITHUB_REPOSITORY && {
  type: "git",
  url: `git+${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}.git`,
};

await emptyDir(output);
await build({
  entryPoints: Object.entries(config.exports).map(([name, path]) => ({ name, path })),
  outDir: "npm",
  importMap: "deno.json",
  shims: {},
  // Whatever dnt would mend is there on every runtime that is supported.
  polyfills: false,
  test: false,
  // A CommonJS copy beside it would mean two of every class; every Node that is supported can require() this one.
  scriptModule: false,
  declaration: "inline",
  // dnt brings a compiler of its own, which may be older than what the sources are written for (0.41 has TypeScript
  // 5.3). `npm test` checks the sources, `npm run pack:check` what is built.
  typeCheck: false,
  skipSourceOutput: true,
  // Types are found in the project's own node_modules, one directory up.
  skipNpmInstall: true,
  // What dnt aims at by itself knows no ErrorOptions.
  compilerOptions: { target: "ES2022", lib: ["ES2022", "ESNext.Disposable"] },
  package: {
    name: NAME,
    version: config.version,
    description: "Runs external commands the same way on Node, Deno and Bun, with pluggable spawn backends.",
    keywords: [
      "child_process",
      "spawn",
      "exec",
      "subprocess",
      "command",
      "shell",
      "node",
      "deno",
      "bun",
      "docker",
    ],
    license: config.license,
    ...(repository && { repository }),
    type: "module",
    engines: development.engines,
    main: file(config.exports["."], "js"),
    // dnt adds it for bundlers that know no exports; those need no package that starts processes.
    module: undefined,
    types: file(config.exports["."], "d.ts"),
    // dnt by itself writes the condition "import", with which require() finds nothing.
    exports: Object.fromEntries(
      Object.entries(config.exports).map(([name, path]) => [
        name,
        { types: file(path, "d.ts"), default: file(path, "js") },
      ]),
    ),
  },
  postBuild() {
    for (const name of DOCUMENTS) copyIfPresent(name);
  },
});

/** Where dnt puts what it makes of a source file. */
function file(path: string, extension: string): string {
  return path.replace(/^\.\//, "./esm/").replace(/\.ts$/, `.${extension}`);
}

function copyIfPresent(name: string): void {
  try {
    Deno.copyFileSync(new URL(name, root), new URL(name, output));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
