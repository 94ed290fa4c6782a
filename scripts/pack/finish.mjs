/**
 * What is done to a package, in place, whoever built it: dnt for npm, or `deno pack` for the checks.
 *
 *   node scripts/pack/finish.mjs DIRECTORY
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { root } from "../tools.mjs";
import { bundle } from "./bundle.mjs";
import { dependenciesOf } from "./dependencies.mjs";

/** Finishes the built package in a directory. */
export async function finish(directory) {
  const path = join(directory, "package.json");
  const manifest = JSON.parse(readFileSync(path, "utf8"));
  const config = JSON.parse(readFileSync(join(root, "deno.json"), "utf8"));
  Object.assign(manifest, dependenciesOf(config));
  writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`);
  await bundle(directory);
  for (const name of readdirSync(directory, { recursive: true })) {
    if (name.endsWith(".d.ts")) mendReferences(join(directory, name));
  }
  for (const { types } of Object.values(manifest.exports)) referToDisposal(resolve(directory, types));
}

/** An old compiler, as dnt 0.41 brings, refers to @types/node in every file that names an AbortSignal. */
function mendReferences(declarations) {
  const text = readFileSync(declarations, "utf8");
  const mended = text.replace(/^\/\/\/ <reference types="node" \/>\n/gm, "");
  if (mended !== text) writeFileSync(declarations, mended);
}

/** The types need AsyncDisposable, which is in no language edition yet; whoever imports an entry point then has it. */
function referToDisposal(declarations) {
  const text = readFileSync(declarations, "utf8");
  writeFileSync(declarations, `/// <reference lib="esnext.disposable" />\n${text}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!process.argv[2]) {
    throw new Error("Name the directory of the package: node scripts/pack/finish.mjs npm");
  }
  await finish(resolve(process.argv[2]));
}
