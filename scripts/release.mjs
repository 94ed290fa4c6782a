/**
 * Makes a release out of a clean tree: the version into deno.json, everything built and checked, a commit and a tag.
 * Pushing the tag publishes it, see .github/workflows/release.yml.
 *
 *   npm run release -- 0.2.0
 *   node scripts/release.mjs --verify v0.2.0    only checks that a tag, deno.json and the changelog agree
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sectionOf } from "./changelog.mjs";

/** What must succeed, in this order; all of them are npm scripts. */
const CHECKS = ["test", "build:npm", "pack:check"];

const root = fileURLToPath(new URL("..", import.meta.url));
const configPath = join(root, "deno.json");
const config = readFileSync(configPath, "utf8");
const current = JSON.parse(config).version;

try {
  const [argument = "", tag] = process.argv.slice(2);
  if (argument === "--verify") verify(tag ?? "");
  else release(argument);
} catch (error) {
  // A command that failed has said why.
  console.error(`Not released: ${error.message}`);
  process.exitCode = 1;
}

function verify(tag) {
  if (tag !== `v${current}`) throw new Error(`the tag is "${tag}", but deno.json has version ${current}.`);
  sectionOf(readFileSync(join(root, "CHANGELOG.md"), "utf8"), current);
  console.log(`${tag} is the version of deno.json and in the changelog.`);
}

function release(version) {
  if (!/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version)) {
    throw new Error(`"${version}" is no version: run \`npm run release -- ${next(current)}\`, for example.`);
  }
  // The first release has the version that is there from the beginning.
  if (compare(version, current) < 0) throw new Error(`${version} is older than ${current} in deno.json.`);
  const tag = `v${version}`;
  if (git("tag", "--list", tag) !== "") {
    throw new Error(`the tag ${tag} is there already: take a newer version.`);
  }
  if (git("status", "--porcelain") !== "") {
    throw new Error("the tree has changes: commit them, or put them aside.");
  }
  sectionOf(readFileSync(join(root, "CHANGELOG.md"), "utf8"), version);

  try {
    writeFileSync(configPath, config.replace(`"version": "${current}"`, `"version": "${version}"`));
    for (const script of CHECKS) run("npm", "run", script);
    if (version !== current) run("git", "commit", "--message", `Release ${version}`, "deno.json");
  } catch (error) {
    writeFileSync(configPath, config);
    throw error;
  }
  run("git", "tag", "--annotate", tag, "--message", `Release ${version}`);
  console.log(`\n${tag} is ready. To publish it: git push --follow-tags`);
}

function run(command, ...args) {
  execFileSync(command, args, { cwd: root, stdio: "inherit", shell: process.platform === "win32" });
}

function git(...args) {
  return execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
}

/** Negative when `a` comes before `b`, as Semantic Versioning orders them. */
function compare(a, b) {
  const [[coreA, preA], [coreB, preB]] = [a, b].map((version) => version.split(/-(.*)/s));
  const order = compareWords(coreA, coreB);
  if (order !== 0 || preA === preB) return order;
  // A version with a suffix comes before the one without.
  if (preA === undefined || preB === undefined) return preA === undefined ? 1 : -1;
  return compareWords(preA, preB);
}

function compareWords(a, b) {
  const [left, right] = [a.split("."), b.split(".")];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const [x, y] = [left[i], right[i]];
    if (x === y) continue;
    if (x === undefined || y === undefined) return x === undefined ? -1 : 1;
    const numbers = /^\d+$/.test(x) && /^\d+$/.test(y);
    if (numbers) return Number(x) - Number(y);
    return x < y ? -1 : 1;
  }
  return 0;
}

function next(version) {
  const [major, minor] = version.split(".");
  return `${major}.${Number(minor) + 1}.0`;
}
