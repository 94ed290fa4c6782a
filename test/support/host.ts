/**
 * Runs a program of test/fixtures/hosts in a process of its own, on the runtime the test runs on: Deno and Bun take it
 * as it is, Node takes what `node scripts/test.mjs build` makes of it.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { killAll } from "./liveness.ts";

/** The runtime this test runs on, and so its hosts. */
export const runtime: "node" | "deno" | "bun" = process.versions.bun
  ? "bun"
  : "Deno" in globalThis
  ? "deno"
  : "node";

/**
 * What a host tells: one JSON object a line, as `report` of test/fixtures/hosts/report.ts writes them. A process it names
 * as `pid` is killed after its end, with the group it leads, unless the host says that it was `closed`.
 */
export type Report = Record<string, unknown>;

/** How a host went. */
export interface HostResult {
  /** `null` when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** All it reported, in one object: a later value of a name replaces the one before. */
  readonly report: Report;
  /** What it wrote to stderr: warnings and unhandled errors of the runtime end up here. */
  readonly stderr: string;
}

/** How a host is run. */
export interface HostOptions {
  readonly args?: readonly string[];
  /** What starts it: the host's command line comes after these words. */
  readonly under?: readonly string[];
  /** Environment variables more. */
  readonly env?: Readonly<Record<string, string>>;
  /** What Deno is started with instead of `--allow-all`. */
  readonly flags?: readonly string[];
  /**
   * Called with each report as it comes, and with what all of them say so far. Signal the host by `process.kill`: what
   * `host.kill` sent is what Deno calls its end, whatever that was.
   */
  readonly onReport?: (told: Report, report: Report, host: ChildProcess) => void;
}

/** The project's directory. */
export const root: string = fileURLToPath(new URL("../..", import.meta.url));
/** A host that hangs is a failure with a transcript; a loaded machine is slow, not wrong. */
const DEADLINE_MS = 30_000;

/**
 * Runs a host to its end.
 * @param name the name of its file, without the ending
 */
export function runHost(name: string, options: HostOptions = {}): Promise<HostResult> {
  const { under = [], flags = ["--allow-all"], args: given = [], env } = options;
  const [file, ...args] = [...under, ...hostCommand(name, flags), ...given] as [string, ...string[]];
  return new Promise((resolve, reject) => {
    const stdio = ["ignore", "pipe", "pipe"] as const;
    const host = spawn(file, args, { cwd: root, env: { ...process.env, ...env }, stdio: [...stdio] });
    const report: Report = {};
    let [line, stdout, stderr] = ["", "", ""];
    let late = false;
    host.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      const lines = (line + text).split("\n");
      line = lines.pop()!;
      for (const told of lines.map(parse)) {
        Object.assign(report, told);
        if (told) options.onReport?.(told, report, host);
      }
    });
    host.stderr.setEncoding("utf8").on("data", (text: string) => stderr += text);
    const deadline = setTimeout(() => {
      late = true;
      host.kill("SIGKILL");
    }, DEADLINE_MS);
    host.on("error", reject);
    host.on("close", (exitCode, signal) => {
      clearTimeout(deadline);
      if (typeof report["pid"] === "number" && report["closed"] !== true) killAll(report["pid"]);
      if (!late) return resolve({ exitCode, signal, report, stderr });
      const told = `It wrote to stdout:\n${stdout}\nand to stderr:\n${stderr}`;
      reject(new Error(`Host ${name} did not end within ${DEADLINE_MS} ms and was killed. ${told}`));
    });
  });
}

/** Anything but a report (a runtime's own remark) is left to the transcript. */
function parse(line: string): Report | undefined {
  return line.startsWith("{") ? JSON.parse(line) as Report : undefined;
}

/** How a host is run on the runtime the test runs on. */
export function hostCommand(name: string, flags: readonly string[] = ["--allow-all"]): string[] {
  const file = runnable(`test/fixtures/hosts/${name}.ts`);
  return runtime === "deno"
    ? [process.execPath, "run", "--no-prompt", ...flags, file]
    : [process.execPath, file];
}

/** What the runtime the test runs on takes for a source file; both from the project's directory. */
export function runnable(source: string): string {
  return runtime === "node" ? built(source) : source;
}

let checked = false;

/** What the build made of a file; a build older than its sources would test yesterday's code. */
function built(source: string): string {
  const path = join(".build", source.replace(/\.ts$/, ".js"));
  const remedy = `run "node scripts/test.mjs build" first.`;
  if (!existsSync(join(root, path))) throw new Error(`There is no ${path}: ${remedy}`);
  if (!checked) {
    const sources = ["mod.ts", ...["src", "backends", "test/fixtures/hosts"].flatMap(typescriptBelow)];
    for (const each of sources) {
      const output = join(root, ".build", each.replace(/\.ts$/, ".js"));
      if (existsSync(output) && modified(output) >= modified(join(root, each))) continue;
      throw new Error(`${each} is newer than its build: ${remedy}`);
    }
    checked = true;
  }
  return path;
}

function typescriptBelow(directory: string): string[] {
  const names = readdirSync(join(root, directory), { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".ts")).map((name) => join(directory, name));
}

function modified(path: string): number {
  return statSync(path).mtimeMs;
}
