/** What importing costs, each time in a fresh process, and how much is loaded. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { spread } from "./statistics.mjs";

const runFile = promisify(execFile);
const here = fileURLToPath(new URL(".", import.meta.url));
const script = join(here, "import_time.mjs");
const PEERS = ["tinyexec", "nano-spawn", "execa", "dax", "zx"];
const EMPTY = new URL("empty.mjs", import.meta.url).href;

export async function measureImports(runtime, { packageUrl, environment, rounds }) {
  const ours = new URL("mod.js", packageUrl);
  const modules = [
    { label: "an empty module", url: EMPTY },
    { label: "polyspawn", url: ours.href, size: sizeOf(fileURLToPath(ours)) },
    ...PEERS.map((name) => ({ label: name, url: entryOf(name), size: sizeOf(fileURLToPath(entryOf(name))) })),
  ];
  const rows = modules.map((module) => ({ ...module, wall: [], cpu: [] }));
  const argv = [runtime.path, ...(runtime.kind === "deno" ? ["run", "-A", "--no-lock"] : []), script];
  for (let round = 0; round < rounds; round++) {
    for (const row of rows) {
      if (row.problem) continue;
      try {
        const { stdout } = await runFile(argv[0], [...argv.slice(1), row.url], { env: environment });
        const { wall, cpu } = JSON.parse(stdout);
        row.wall.push(wall);
        row.cpu.push(cpu);
      } catch (error) {
        row.problem = String(error.stderr).split("\n").find((line) => /Error/.test(line)) ?? error.message;
      }
    }
  }
  return rows.map(({ label, size, wall, cpu, problem }) => ({
    label,
    size,
    ...(problem ? { problem } : { wall: spread(wall), cpu: spread(cpu) }),
  }));
}

function entryOf(name) {
  const directory = join(here, "node_modules", name);
  const { exports, main } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
  let entry = exports?.["."] ?? exports ?? main;
  while (typeof entry === "object") entry = entry.import ?? entry.node ?? entry.default;
  return pathToFileURL(join(directory, entry)).href;
}

/** What a module and all that it imports at once add up to: files, bytes and bytes under gzip. */
function sizeOf(entry) {
  const files = new Map();
  const visit = (path) => {
    if (files.has(path)) return;
    const code = readFileSync(path, "utf8");
    files.set(path, code);
    for (const [, name] of code.matchAll(/(?:^|[\s;}])(?:from|import|require\()\s*["']([^"']+)["']/g)) {
      const found = /^\.\.?\//.test(name)
        ? resolve(dirname(path), name)
        : isPackage(name) && packageEntry(path, name);
      if (found && statSync(found, { throwIfNoEntry: false })?.isFile()) visit(found);
    }
  };
  visit(entry);
  const all = [...files.values()].join("");
  return { files: files.size, bytes: Buffer.byteLength(all), gzip: gzipSync(all).length };
}

const isPackage = (name) => !name.startsWith("node:") && /^(@[\w.-]+\/)?[\w.-]+$/.test(name);

function packageEntry(path, name) {
  if (
    !path.includes("node_modules") || !readdirSync(join(here, "node_modules")).includes(name.split("/")[0])
  ) return;
  try {
    return fileURLToPath(entryOf(name));
  } catch {
    return undefined;
  }
}
