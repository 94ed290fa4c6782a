/**
 * Joins the modules of a built package, in place: all that "." needs at once becomes one file, what is loaded lazily
 * stays apart; of the declarations what no entry point reaches goes. It is for Node, which takes about 0.3 ms for every
 * module and 0.1 ms for every import between two: the modules of "." cost 23 ms before they were joined, and joined,
 * without what only people read and what only a command needs, they cost 2 to 3 ms.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, posix, resolve } from "node:path";
import { rolldown } from "rolldown";
import { cutDeclarations } from "./declarations.mjs";

/** What "." loads with the first command, beside a backend. */
const LATER = "src/running.js";

/** Bundles the package in a directory: every entry point that its package.json names keeps its path. */
export async function bundle(directory) {
  const { exports } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
  const entries = Object.values(exports).map((conditions) => posix.normalize(conditions.default));
  const face = posix.normalize(exports["."].default);
  // Beside mod.js, which is at the top.
  const chunks = posix.join(posix.dirname(face), "chunks");
  const later = posix.join(posix.dirname(face), LATER);
  const build = await rolldown({
    cwd: directory,
    input: Object.fromEntries(entries.map((path) => [path.replace(/\.js$/, ""), `./${path}`])),
    plugins: [{
      name: "later",
      // Loaded as any other chunk it would take one more, of the bundler's own, for an object of its exports.
      buildStart() {
        const fileName = `${chunks}/${posix.basename(later)}`;
        this.emitFile({ type: "chunk", id: `./${later}`, fileName, preserveSignature: "allow-extension" });
      },
    }],
    // No comment that names each module.
    experimental: { attachDebugInfo: "none" },
    // A runtime's modules and other packages are imported as they are.
    external: /^[^./]/,
  });
  const inDirectory = (path) => resolve(directory, path);
  let core;
  const { output } = await build.generate({
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: `${chunks}/[name].js`,
    // Left to itself the bundler cuts what "." needs into a chunk for every set of entry points that share it.
    codeSplitting: {
      groups: [{
        debugName: "core",
        name: (id, graph) => {
          core ??= coreOf(inDirectory(face), inDirectory(later), entries.map(inDirectory), graph);
          return core.has(id) ? "core" : null;
        },
      }],
    },
    // What they say stands in the declarations.
    comments: false,
    // Node reads all of a file before it runs any of it, so less text is a faster import. Names of functions and
    // classes stay, for stack traces; lines stay, because Node prints the whole line of an error that nobody caught.
    minify: {
      compress: { target: "es2022", keepNames: { function: true, class: true } },
      mangle: { keepNames: true },
      codegen: { removeWhitespace: false },
    },
  });
  await build.close();
  const declarations = cutDeclarations(
    Object.values(exports).map(({ types }) => resolve(directory, types)),
  );
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    if (entry.isFile() && /\.(?:js|ts)$/.test(path) && !declarations.has(path)) rmSync(path);
  }
  for (const { fileName, code } of output) {
    mkdirSync(join(directory, dirname(fileName)), { recursive: true });
    writeFileSync(join(directory, fileName), toAscii(code));
  }
}

/** The same program in ASCII: a single character beyond it makes V8 keep, and read, the whole file at two bytes each. */
function toAscii(code) {
  return code.replace(
    /[^\0-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** What "." needs at once; and the little of what it loads later that others need too, which would be files more. */
function coreOf(face, later, entries, graph) {
  const core = importedBy([face], graph);
  const elsewhere = importedBy(entries, graph, later);
  for (const id of importedBy([later], graph)) if (elsewhere.has(id)) core.add(id);
  return core;
}

/** All that modules import statically, directly or not; `without` one, and what only that imports. */
function importedBy(modules, graph, without) {
  const found = new Set();
  const add = (module) => {
    for (const id of graph.getModuleInfo(module)?.importedIds ?? []) {
      if (id === without || found.has(id)) continue;
      found.add(id);
      add(id);
    }
  };
  modules.forEach(add);
  return found;
}
