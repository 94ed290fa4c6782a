/**
 * Many commands in random shapes on every runtime, held against what the commands themselves noted; see
 * docs/reliability.md.
 *
 *   node scripts/chaos.mjs [node] [deno] [bun] [--seed N] [--count N] [--only INDEX] [--at-once N]
 *
 * Needs a Linux with a C compiler, and the step `build`. Without --seed each runtime gets a fresh one, and says which.
 */
import { spawn, spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env, root, runtimes } from "./tools.mjs";

const LIMIT_MINUTES = 30;
const commands = {
  node: [runtimes.node, "--expose-gc", ".build/scripts/chaos/main.js"],
  deno: [runtimes.deno, "run", "-A", "--no-prompt", "--v8-flags=--expose-gc", "scripts/chaos/main.ts"],
  bun: [runtimes.bun, "scripts/chaos/main.ts"],
};

const given = process.argv.slice(2);
const names = given.filter((word) => Object.hasOwn(commands, word));
const options = given.filter((word) => !Object.hasOwn(commands, word));
const totals = { passed: 0, failed: 0, skipped: 0 };

if (process.platform !== "linux") skip("the suite looks from outside through /proc, which only Linux has");
else {
  const directory = mkdtempSync(join(tmpdir(), "polyspawn-chaos-build-"));
  try {
    const child = compile(directory);
    if (child === undefined) skip("there is no C compiler: install gcc, clang or tcc");
    else {
      for (const name of names.length > 0 ? names : Object.keys(commands)) {
        const counts = await run([...commands[name], "--child", child, ...options]);
        for (const key of Object.keys(totals)) totals[key] += counts[key];
      }
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
console.log(`chaos: ${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
if (process.env.TEST_TOTALS) {
  appendFileSync(process.env.TEST_TOTALS, `${totals.passed} ${totals.failed} ${totals.skipped}\n`);
}
process.exitCode = totals.failed > 0 ? 1 : 0;

function skip(reason) {
  console.log(`Skipped: ${reason}.`);
  totals.skipped++;
}

function compile(directory) {
  const output = join(directory, "child");
  for (const compiler of ["cc", "gcc", "clang", "tcc"]) {
    const { error, status, stderr } = spawnSync(compiler, ["-O2", "-o", output, "scripts/chaos/child.c"], {
      cwd: root,
      encoding: "utf8",
    });
    if (!error && status === 0) return output;
    if (!error) console.error(stderr);
  }
  return undefined;
}

/** Runs one host and takes the counts from its last line; a host that ends without one has failed. */
function run([file, ...args]) {
  return new Promise((resolve) => {
    const host = spawn(file, args, { cwd: root, env, stdio: ["ignore", "pipe", "inherit"] });
    let last = "";
    host.stdout.setEncoding("utf8").on("data", (text) => {
      process.stdout.write(text);
      last = (last + text).slice(-1000);
    });
    const limit = setTimeout(() => host.kill("SIGKILL"), LIMIT_MINUTES * 60_000);
    host.on("error", (error) => console.error(`${file} did not start: ${error.message}`));
    host.on("close", (code) => {
      clearTimeout(limit);
      const counts = /: (\d+) passed, (\d+) failed, (\d+) skipped\s*$/.exec(last);
      const [passed, failed, skipped] = counts ? counts.slice(1).map(Number) : [0, 0, 0];
      resolve({ passed, failed: failed || (code === 0 && counts ? 0 : 1), skipped });
    });
  });
}
