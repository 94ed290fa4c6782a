/** What is in a package: nothing that is not for users, small, and every entry point where it says. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../tools.mjs";
import { dependenciesOf } from "./dependencies.mjs";
import { check, expect, expectSame } from "./report.mjs";

const MOST_BYTES = 150_000;
/** What every user gets with it, and nothing else. */
const DEPENDENCIES = ["cross-spawn"];

const config = JSON.parse(readFileSync(join(root, "deno.json"), "utf8"));

/** What is published beside the code. */
const documents = config.publish.include.filter((name) =>
  !/\/$|^mod\.ts$|^deno\.json$/.test(name) && existsSync(join(root, name))
);

/** The names users import: "polyspawn", "polyspawn/node", … */
export const entryPoints = Object.keys(config.exports).map((name) => `polyspawn${name.slice(1)}`);

/** Checks the files and the manifest of a tarball. */
export async function checkContents({ name, bytes, files, manifest, directory }) {
  await check(`${name}: size`, () => {
    expect(bytes < MOST_BYTES, `the tarball has ${bytes} bytes, ${MOST_BYTES} are the limit`);
    return `${Math.round(bytes / 1000)} kB in ${files.length} files, of ${MOST_BYTES / 1000} kB`;
  });
  await check(`${name}: files`, () => {
    for (const file of documents) expect(files.includes(file), `${file} is missing`);
    const allowed =
      /^(?:esm\/)?(?:(?:src|backends|chunks)\/[\w./]+|mod|_dnt\.\w+)\.(?:js|d\.ts)$|^(?:esm\/)?package\.json$/;
    const strange = files.filter((file) => !allowed.test(file) && !documents.includes(file));
    expect(strange.length === 0, `not made from what an entry point reaches: ${strange.join(", ")}`);
  });
  await check(`${name}: manifest`, () => {
    expectSame(manifest.version, config.version, "version");
    expectSame(manifest.license, config.license, "license");
    expectSame(manifest.type, "module", "type");
    expectSame(Object.keys(manifest.exports), Object.keys(config.exports), "entry points");
    for (const [entry, conditions] of Object.entries(manifest.exports)) {
      for (const [condition, file] of Object.entries(conditions)) {
        expect(existsSync(join(directory, file)), `"${entry}" has no ${file} for "${condition}"`);
      }
      expect(conditions.default, `"${entry}" has no "default", without which require() finds nothing`);
    }
  });
  await check(`${name}: dependencies`, () => {
    expectSame(Object.keys(manifest.dependencies ?? {}), DEPENDENCIES, "dependencies");
    for (const [key, wanted] of Object.entries(dependenciesOf(config))) {
      expectSame(manifest[key], wanted, key);
    }
    for (const name of Object.keys(manifest.peerDependencies ?? {})) {
      expect(manifest.peerDependenciesMeta[name].optional === true, `${name} would be installed by default`);
    }
    expect(!manifest.devDependencies, "devDependencies are of no use to users");
    const peers = Object.keys(manifest.peerDependencies ?? {}).map((name) => `, optionally ${name}`);
    return DEPENDENCIES.join(", ") + peers.join("");
  });
}

/** Checks that what dnt built has the files that are packed from the sources. */
export async function checkSameFiles(packed, built) {
  await check("dnt: the same files as packed from the sources", () => {
    const names = ({ files }) =>
      files.filter((file) => file !== "esm/package.json")
        .map((file) => file.replace(/^esm\//, ""))
        // dnt's own, which versions before 0.43 add whether they are needed or not.
        .filter((file) => !/\b_dnt\./.test(file)).sort();
    expectSame(names(built), names(packed), "files");
    expectSame(built.manifest.dependencies, packed.manifest.dependencies, "dependencies");
  });
}
