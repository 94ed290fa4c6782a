/**
 * The programs of the conformance suite for a system without POSIX's: `node player.js NAME ARGUMENT...`, or `steps JSON`.
 *
 * All of it is synchronous, so that what a program writes has left it when it goes on.
 */
import { spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdtempSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Behaviour, Step } from "../../src/testing/conformance/behaviour.ts";
import { programs } from "../../src/testing/conformance/programs.ts";

/** As long as POSIX's programs of the suite sleep. */
const MINUTE = 60_000;

function write(fd: 1 | 2, text: string): void {
  for (let bytes = new TextEncoder().encode(text); bytes.length > 0;) {
    try {
      bytes = bytes.subarray(writeSync(fd, bytes));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EAGAIN") sleep(1);
      // Nobody reads any more.
      else process.exit(1);
    }
  }
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** The next bytes of the input; `undefined` at its end. */
function read(length = 65_536): Uint8Array | undefined {
  const bytes = new Uint8Array(length);
  for (;;) {
    try {
      const count = readSync(0, bytes);
      return count === 0 ? undefined : bytes.subarray(0, count);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return undefined;
      sleep(1);
    }
  }
}

function readLine(): string {
  let line = "";
  for (let byte = read(1); byte; byte = read(1)) {
    line += String.fromCharCode(...byte);
    if (line.endsWith("\n")) break;
  }
  return line;
}

function copy(what: "all" | "line" | "sorted lines"): void {
  if (what === "line") return write(1, readLine());
  const chunks: Uint8Array[] = [];
  for (let bytes = read(); bytes; bytes = read()) {
    if (what === "all") writeAll(bytes);
    else chunks.push(bytes);
  }
  const lines = Buffer.concat(chunks).toString().split("\n");
  if (what !== "all") write(1, lines.slice(0, -1).sort().map((line) => `${line}\n`).join(""));
}

function writeAll(bytes: Uint8Array): void {
  try {
    while (bytes.length > 0) bytes = bytes.subarray(writeSync(1, bytes));
  } catch {
    process.exit(1);
  }
}

/** Starts a process of this program that outlives it, and answers its number. */
function background(args: string[], stdio: "inherit" | "ignore" = "inherit"): number {
  const child = spawn(process.execPath, [process.argv[1]!, ...args], {
    // Otherwise libuv ends it with this process.
    detached: true,
    stdio: ["ignore", stdio, stdio],
  });
  child.unref();
  return child.pid!;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function perform(step: Step): void {
  if ("write" in step) {
    const { write: stream, text, times = 1 } = step;
    // In large pieces: a call for each of a million lines would take minutes.
    const atOnce = Math.max(1, Math.min(times, Math.floor(65_536 / text.length)));
    for (let left = times; left > 0; left -= atOnce) {
      write(stream === "stdout" ? 1 : 2, text.repeat(Math.min(left, atOnce)));
    }
  } else if ("read" in step) readLine();
  else if ("copy" in step) copy(step.copy);
  else if ("close" in step) closeSync(0);
  else if ("print" in step) {
    const all = Object.entries(process.env).filter(([name]) => !leftOut.includes(name.toUpperCase()));
    for (const [name, value] of all) write(1, `${name}=${value}\n`);
  } else if ("await" in step) {
    if (step.await === "signal") sleep(MINUTE);
    else while (isAlive(process.ppid)) sleep(5);
  } else background(["steps", JSON.stringify(step.background)]);
}

function play({ steps, exitCode = 0, killedBy }: Behaviour): void {
  for (const step of steps) perform(step);
  if (killedBy) process.kill(process.pid, killedBy);
  process.exit(exitCode);
}

/** A program with a child that sleeps; prints the child's number. */
function family(stdio?: "inherit" | "ignore"): void {
  write(1, `${background(["steps", JSON.stringify([{ await: "signal" }])], stdio)}\n`);
}

const pathOf = (path: string) => path.replace(/^[A-Z]:/i, "").replaceAll("\\", "/");

/** What has no behaviour in data, because it takes a real process to do. */
const SPECIAL: Readonly<Record<string, (args: string[]) => void>> = {
  steps: ([steps]) => play({ steps: JSON.parse(steps!) as Step[] }),
  echo: (args) => write(1, `${args.join(" ")}\n`),
  hardWords: (args) => write(1, args.map((word) => `[${word}]\n`).join("")),
  workDirectory: () => write(1, `${pathOf(process.cwd())}\n`),
  ownPid: () => write(1, `${process.pid}\n`),
  makeFiles: ([parent]) => {
    const directory = mkdtempSync(join(parent || tmpdir(), "polyspawn-"));
    const script = "#!/usr/bin/env node\nfor (const word of process.argv.slice(2)) console.log(word);\n";
    writeFileSync(join(directory, "polyspawn-script"), script);
    writeFileSync(join(directory, "polyspawn-text"), "text\n");
    write(1, `${directory.replaceAll("\\", "/")}\n`);
  },
  removeFiles: (paths) => paths.forEach((path) => rmSync(path, { recursive: true, force: true })),
  isDirectory: ([path]) => process.exit(existsSync(path!) && statSync(path!).isDirectory() ? 0 : 1),
  family: () => (family(), sleep(MINUTE)),
  stubbornFamily: () => (family(), sleep(MINUTE)),
  leaver: () => family(),
  silentLeaver: () => family("ignore"),
  stubbornLeaver: () => family(),
  hasSetsid: () => process.exit(1),
  isAlive: ([pid]) => process.exit(isAlive(Number(pid)) ? 0 : 1),
  kill: ([pid]) => isAlive(Number(pid)) && process.kill(Number(pid), "SIGKILL"),
};

const [name = "", ...args] = process.argv.slice(2);
/** Names of variables that are not printed. */
const leftOut = name === programs.environment.name ? args : [];
const special = Object.hasOwn(SPECIAL, name) ? SPECIAL[name] : undefined;
if (special) {
  special(args);
  process.exit(0);
}
const known = (programs as Readonly<Record<string, { readonly behaviour?: Behaviour }>>)[name];
if (!known?.behaviour) {
  write(2, `player: there is no program "${name}".\n`);
  process.exit(127);
}
play(known.behaviour);
