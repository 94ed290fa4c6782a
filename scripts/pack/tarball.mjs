/** Packages as a registry has them: tarballs, made offline from the sources or from what `npm run build:npm` built. */
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import { root, runtimes } from "../tools.mjs";
import { succeed } from "./capture.mjs";
import { finish } from "./finish.mjs";

/**
 * A tarball and what is in it.
 * @typedef {{ name: string, path: string, bytes: number, files: string[], manifest: any, directory: string }} Tarball
 */

/** Packs the sources with `deno pack`, which needs nothing else, and finishes the package as `build:npm` does. */
export async function packSources(directory) {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, "deno-pack.tgz");
  // A package.json beside deno.json would keep Deno from writing the dependencies.
  await succeed([runtimes.deno, "pack", "--no-source-maps", "--allow-dirty", "-o", path], {
    cwd: root,
    environment: { DENO_NO_PACKAGE_JSON: "1" },
  });
  const built = await unpack(path, join(directory, "built"));
  await finish(built);
  return await packBuilt("deno pack", built, join(directory, "packed"));
}

/** Packs a built package as `npm publish` does. */
export async function packBuilt(name, built, directory) {
  mkdirSync(directory, { recursive: true });
  await succeed(["npm", "pack", "--loglevel=error", "--pack-destination", directory], { cwd: built });
  const path = join(directory, readdirSync(directory).find((file) => file.endsWith(".tgz")));
  const unpacked = await unpack(path, join(directory, "unpacked"));
  const files = readdirSync(unpacked, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(unpacked.length + 1))
    .map((file) => file.replaceAll(sep, "/")).sort();
  const manifest = JSON.parse(readFileSync(join(unpacked, "package.json"), "utf8"));
  return { name, path, bytes: statSync(path).size, files, manifest, directory: unpacked };
}

async function unpack(path, directory) {
  mkdirSync(directory, { recursive: true });
  await succeed(["tar", "-xzf", path, "-C", directory]);
  return join(directory, "package");
}
