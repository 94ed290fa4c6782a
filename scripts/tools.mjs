/**
 * The tools npm installed, and the one way the scripts run them. Plain JavaScript, so that the oldest Node
 * supported, which cannot run TypeScript, needs no build to start.
 */
import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's directory. */
export const root = fileURLToPath(new URL("..", import.meta.url));

const installed = (path) => join(root, "node_modules", path);

// The package `deno` puts a Node script on PATH that waits for its own child: signals would end the script and
// leave the runtime running. So the executables themselves are asked where they are.
function executable(argv) {
  try {
    const found = execFileSync(argv[0], argv.slice(1), {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return found.trim();
  } catch {
    return undefined;
  }
}

/** The executables of the runtimes; `deno` and `bun` are undefined where this platform has none. */
export const runtimes = {
  node: process.execPath,
  deno: executable([process.execPath, installed("deno/bin.cjs"), "eval", "console.log(Deno.execPath())"]),
  bun: executable([installed("bun/bin/bun.exe"), "--print", "process.execPath"]),
};

/** Scripts that run on Node, and vitest on every runtime. */
export const tsc = installed("typescript/bin/tsc");
export const vitest = installed("vitest/vitest.mjs");
export const typedoc = installed("typedoc/bin/typedoc");

const onPath = [runtimes.deno, runtimes.bun].filter(Boolean).map((path) => dirname(path));

/** The environment of every tool: the runtimes on PATH, nothing that asks a question or looks for updates. */
export const env = {
  ...process.env,
  PATH: [...onPath, installed(".bin"), process.env.PATH].join(delimiter),
  DENO_NO_UPDATE_CHECK: "1",
  DENO_NO_PROMPT: "1",
};
// Windows spells it Path; two spellings in one environment leave it to chance which one counts.
for (const name of Object.keys(env)) if (name !== "PATH" && name.toUpperCase() === "PATH") delete env[name];

const running = new Set();
let ending;

/** The signal that asked this script to end, once there was one. */
export const endedBy = () => ending;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    ending ??= signal;
    for (const child of running) endGroup(child, signal);
  });
}

// A group of its own, because vitest leaves its workers behind when it is killed; Windows has no groups.
const detached = process.platform !== "win32";

function endGroup(child, signal) {
  try {
    if (detached) process.kill(-child.pid, signal);
    else child.kill(signal);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}

/**
 * Runs a command in the project's directory, with no input and this script's own output; answers its exit code,
 * or 1 when a signal or the time limit ended it. It waits for the exit, not for the output's end: a daemon that
 * a test left behind must not hold up everything.
 */
export function run(argv, { limitMinutes = 15, environment = env } = {}) {
  if (argv[0] === undefined || !existsSync(argv[0])) {
    console.error(`${argv[0] ?? "A runtime"} is not installed here: run "npm ci" first.`);
    return Promise.resolve(1);
  }
  return new Promise((resolve) => {
    const child = spawn(argv[0], argv.slice(1), {
      cwd: root,
      env: environment,
      detached,
      stdio: ["ignore", "inherit", "inherit"],
    });
    running.add(child);
    const limit = setTimeout(() => {
      console.error(`${argv.join(" ")} was killed: it ran for ${limitMinutes} minutes.`);
      endGroup(child, "SIGKILL");
    }, limitMinutes * 60_000);
    const done = (code) => {
      clearTimeout(limit);
      running.delete(child);
      resolve(code);
    };
    child.on("error", (error) => {
      console.error(`${argv[0]} did not start: ${error.message}`);
      done(1);
    });
    child.on("exit", (code, signal) => {
      if (signal) console.error(`${argv.join(" ")} was ended by ${signal}.`);
      done(code ?? 1);
    });
  });
}
