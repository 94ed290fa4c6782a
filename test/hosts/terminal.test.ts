/**
 * A host at a real terminal, and a child that shares it.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, expect, it, onTestFinished } from "vitest";
import { isInstalled } from "../support/installed.ts";
import { isRunning, killAll } from "../support/liveness.ts";
import { Terminal } from "../support/terminal.ts";
import { until } from "../support/within.ts";

const CTRL_C = "\x03";
const CTRL_D = "\x04";
const CTRL_BACKSLASH = "\x1c";

function open(...args: string[]): Terminal {
  const terminal = new Terminal("terminal", args);
  onTestFinished(() => {
    terminal.end();
    const { child } = terminal.report;
    if (typeof child === "number") killAll(child);
  });
  return terminal;
}

/** Catches Ctrl-C once, then reads a line. */
const TRAPS = `
  caught=
  trap 'caught=1; echo caught' INT
  echo ready
  while [ ! "$caught" ]; do sleep 0.05; done
  read -r line
  echo "got $line"
  exit 5`;

// `script` of util-linux makes the terminal; that of other systems has other options.
const canOpen = process.platform === "linux" && isInstalled("script");

describe.skipIf(!canOpen)(`a child with stdin "inherit"`, () => {
  it("reads the terminal, in the host's own process group", async () => {
    const terminal = open("inherit", "cat");
    await terminal.expect(`"hostLeads":true`);
    terminal.type("hello\n");
    await terminal.expect("hello\r\nhello\r\n"); // the echo, and what cat made of it
    terminal.type(CTRL_D);
    expect(await terminal.exitCode).toBe(0);
    expect(terminal.report).toMatchObject({ sameGroup: true, exitCode: 0 });
  });

  it.skipIf(!isInstalled("less"))("can be a pager", async () => {
    const directory = mkdtempSync(join(tmpdir(), "polyspawn-terminal-"));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const file = join(directory, "pages");
    writeFileSync(file, Array.from({ length: 200 }, (_, i) => `line ${i + 1}.\n`).join(""));
    const terminal = open("inherit", "less", file);
    await terminal.expect("line 1.");
    expect(terminal.shown).not.toContain("line 150.");
    terminal.type("150g");
    await terminal.expect("line 150.");
    terminal.type("q");
    expect(await terminal.exitCode).toBe(0);
    expect(terminal.report).toMatchObject({ exitCode: 0 });
  });

  it("has a /dev/tty", async () => {
    const asks = ["sh", "-c", "if : </dev/tty; then echo yes; fi 2>/dev/null"];
    const terminal = open("inherit", ...asks);
    await terminal.expect("yes\r\n");
    expect(await terminal.exitCode).toBe(0);
  });

  it("dies of Ctrl-C, and the host with it, as in a shell", async () => {
    const terminal = open("inherit", "sh", "-c", "echo ready; exec sleep 600");
    await terminal.expect("ready\r\n", `"child"`);
    terminal.type(CTRL_C);
    expect(await terminal.exitCode).toBe(130);
    expect(terminal.report).not.toHaveProperty("exitCode");
    expect(isRunning(terminal.report["child"] as number)).toBe(false);
  });

  it("dies of Ctrl-\\, and the host with it", async () => {
    const terminal = open("inherit", "sh", "-c", "ulimit -c 0; echo ready; exec sleep 600");
    await terminal.expect("ready\r\n", `"child"`);
    terminal.type(CTRL_BACKSLASH);
    expect(await terminal.exitCode).toBe(131);
  });

  it("that catches Ctrl-C lives on, and so does the host", async () => {
    const terminal = open("inherit", "sh", "-c", TRAPS);
    await terminal.expect("ready\r\n", `"child"`);
    terminal.type(CTRL_C);
    await terminal.expect("caught\r\n");
    terminal.type("more\n");
    await terminal.expect("got more\r\n");
    expect(await terminal.exitCode).toBe(0);
    expect(terminal.report).toMatchObject({ exitCode: 5, signal: null });
  });

  it("that catches Ctrl-C and exits by itself does not end the host", async () => {
    const text = `trap 'exit 7' INT; echo ready; while :; do sleep 0.05; done`;
    const terminal = open("inherit", "sh", "-c", text);
    await terminal.expect("ready\r\n", `"child"`);
    terminal.type(CTRL_C);
    expect(await terminal.exitCode).toBe(0);
    expect(terminal.report).toMatchObject({ exitCode: 7, signal: null });
  });
});

describe.skipIf(!canOpen)("a child in a group of its own", () => {
  it("is ended by Ctrl-C with its host, which dies of it", async () => {
    const terminal = open("own", "sh", "-c", "sleep 600 & wait");
    await terminal.expect("started\r\n");
    terminal.type(CTRL_C);
    expect(await terminal.exitCode).toBe(130);
    expect(terminal.report).toMatchObject({ sameGroup: false });
    await until(() => !isRunning(terminal.report["child"] as number));
  });
});
