/** What a run needs: the package as npm users get it, the peers, the C program, and the runtimes. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { bundle } from "../pack/bundle.mjs";
import { env, root, run, runtimes, tsc } from "../tools.mjs";
import { writeLog } from "./log_file.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const built = join(root, ".build");
const packed = join(built, "bench");

/** Builds the package and joins its modules as the release does; the commands have what they print. */
export async function buildPackage() {
  writeLog();
  if (await run([process.execPath, tsc, "-p", "tsconfig.build.json", "--noCheck"]) !== 0) {
    throw new Error("The build failed.");
  }
  rmSync(packed, { recursive: true, force: true });
  mkdirSync(packed, { recursive: true });
  for (const part of ["mod.js", "mod.d.ts", "src", "backends"]) {
    cpSync(join(built, part), join(packed, part), { recursive: true });
  }
  const entries = JSON.parse(readFileSync(join(root, "deno.json"), "utf8")).exports;
  const exports = Object.fromEntries(
    Object.entries(entries).map(([name, path]) => {
      const file = path.replace(/\.ts$/, "");
      return [name, { types: `${file}.d.ts`, default: `${file}.js` }];
    }),
  );
  writeFileSync(join(packed, "package.json"), JSON.stringify({ name: "polyspawn", type: "module", exports }));
  await bundle(packed);
  return pathToFileURL(`${packed}/`).href;
}

/** Installs the peers and the newest Node beside this file, as its lock file pins them. */
export function installPeers() {
  const installed = join(here, "node_modules/.package-lock.json");
  const lock = join(here, "package-lock.json");
  const stamp = join(here, "node_modules/.bench-lock.json");
  if (
    existsSync(installed) && existsSync(stamp) && readFileSync(stamp, "utf8") === readFileSync(lock, "utf8")
  ) return;
  console.log("Installing the peers …");
  // One of them asks for a newer Node than the oldest that is measured: it runs or it is left out.
  const flags = ["ci", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", here];
  execFileSync("npm", flags, {
    stdio: ["ignore", "inherit", "inherit"],
    shell: process.platform === "win32",
  });
  cpSync(lock, stamp);
}

/** The version of an installed peer. */
export function versionOf(name) {
  return JSON.parse(readFileSync(join(here, "node_modules", name, "package.json"), "utf8")).version;
}

/** Compiles the C program; undefined where there is no compiler. */
export function compileLimit() {
  const program = join(built, "posix_spawn");
  try {
    execFileSync("cc", ["-O2", "-o", program, join(here, "posix_spawn.c")], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    return program;
  } catch {
    return undefined;
  }
}

/** The runtimes that are here, by a short name. */
export function findRuntimes() {
  const newest = join(here, `node_modules/node-newest-${process.arch}/bin/node`);
  const found = [
    { kind: "node", path: runtimes.node },
    { kind: "node", path: existsSync(newest) ? newest : undefined },
    { kind: "deno", path: runtimes.deno },
    { kind: "bun", path: runtimes.bun },
  ];
  return found.filter(({ path }) => path).map(({ kind, path }) => {
    const [version] = /\d+\.\d+\.\d+/.exec(execFileSync(path, ["--version"], { encoding: "utf8", env }));
    const label = { node: "Node", deno: "Deno", bun: "Bun" }[kind];
    return {
      kind,
      path,
      version,
      name: kind === "node" ? `node${parseInt(version)}` : kind,
      label: `${label} ${version}`,
    };
  });
}

/** The environment of every host: nothing that a shell of the developer's adds but where programs are. */
export function hostEnvironment(packageUrl) {
  const { HOME, PATH, TMPDIR, LANG } = process.env;
  return {
    HOME,
    PATH,
    LANG,
    ...(TMPDIR && { TMPDIR }),
    POLYSPAWN_BENCH: packageUrl,
    DENO_NO_UPDATE_CHECK: "1",
    DENO_NO_PROMPT: "1",
  };
}
