/** Users of a package: empty directories with programs in them, into which it is installed as from a registry. */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, posix, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { npmInstall } from "./capture.mjs";
import { entryPoints } from "./contents.mjs";

const programs = fileURLToPath(new URL("consumer", import.meta.url));

/**
 * Makes a directory with the programs of a user, and installs the tarball there as "polyspawn". Beside it stands a
 * package "empty", with which importing it is compared.
 */
export async function makeConsumer(directory, tarball) {
  mkdirSync(directory, { recursive: true });
  cpSync(programs, directory, { recursive: true });
  writeFileSync(join(directory, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await npmInstall(directory, [`polyspawn@file:${tarball.path}`]);
  // A program that has the types of every entry point checked.
  writeFileSync(
    join(directory, "entries.ts"),
    entryPoints.map((name, index) => `export type * as entry${index} from "${name}";\n`).join(""),
  );
  const empty = join(directory, "node_modules/empty");
  mkdirSync(empty);
  writeFileSync(
    join(empty, "package.json"),
    JSON.stringify({ type: "module", exports: { ".": "./mod.js" } }),
  );
  writeFileSync(join(empty, "mod.js"), "export {};\n");
  return directory;
}

/**
 * The same without any other package, and what "." does not import at once throws when it is loaded: the backends and
 * what they alone need.
 */
export function makeLeanConsumer(directory, consumer) {
  cpSync(consumer, directory, { recursive: true });
  const modules = join(directory, "node_modules");
  for (const name of readdirSync(modules)) {
    if (name !== "polyspawn") rmSync(join(modules, name), { recursive: true });
  }
  const installed = join(modules, "polyspawn");
  const { exports } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  const atOnce = importedAtOnce(resolve(installed, exports["."].default));
  for (const [entry, conditions] of Object.entries(exports)) {
    if (!/^(?:esm\/)?backends\//.test(posix.normalize(conditions.default))) continue;
    if (atOnce.has(resolve(installed, conditions.default))) {
      throw new Error(`"." imports "${entry}" at once`);
    }
  }
  for (const name of readdirSync(installed, { recursive: true })) {
    const path = join(installed, name);
    if (name.endsWith(".js") && !atOnce.has(path)) {
      writeFileSync(path, 'throw new Error("a backend was loaded");\n');
    }
  }
}

/** A module and all that it imports statically, directly or not; only files of the package may be among them. */
function importedAtOnce(path, found = new Set()) {
  if (found.has(path)) return found;
  found.add(path);
  for (
    const [, name] of readFileSync(path, "utf8").matchAll(/^(?:import|export)\b[^;]*?["']([^"';]+)["'];?$/gm)
  ) {
    if (!name.startsWith(".")) throw new Error(`"." imports "${name}" at once, in ${path}`);
    importedAtOnce(resolve(path, "..", name), found);
  }
  return found;
}
