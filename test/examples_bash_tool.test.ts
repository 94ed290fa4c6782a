/**
 * scripts/examples/bash_tool.ts: what a model sees of a command line, with real shells.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createExecutor } from "../mod.ts";
import { createBashTool, definition, main } from "../scripts/examples/bash_tool.ts";
import { memoryBackend } from "../scripts/examples/memory_backend.ts";
import { runtime } from "./support/host.ts";

let directory: string;
beforeAll(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), "polyspawn-bash-tool-")));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

describe("the bash tool of an agent", () => {
  const call = (input: unknown, signal?: AbortSignal) => createBashTool({ cwd: directory })(input, signal);

  it("gives stdout and stderr in the order written, and no note on a success", async () => {
    const command = "echo one; echo two >&2; echo three";
    expect(await call({ command })).toEqual({ text: "one\ntwo\nthree\n", isError: false });
  });

  it("runs in its directory and says so when there was no output", async () => {
    expect(await call({ command: "pwd" })).toEqual({ text: `${directory}\n`, isError: false });
    expect(await call({ command: "true" })).toEqual({ text: "(no output)\n", isError: false });
  });

  it("gives the exit code of a failure, on a line of its own whatever came before", async () => {
    expect(await call({ command: "printf 'no newline'; exit 3" })).toEqual({
      text: "no newline\n(exit code 3)\n",
      isError: true,
    });
    expect(await call({ command: "kill -KILL $$" })).toEqual({
      text: "(killed by SIGKILL)\n",
      isError: true,
    });
  });

  it("keeps the tail of long output and says on the first line what is missing", async () => {
    const { text, isError } = await call({ command: "yes 'a long line of output' | head -n 100000" });
    expect(isError).toBe(false);
    expect(text).toMatch(/^\.\.\.\(truncated, showing last 29\.3KB of 2\.1MB\)\na long line of output\n/);
    expect(text.length).toBeLessThan(30_100);
  });

  it("returns after the model's timeout with what was printed", async () => {
    expect(await call({ command: "echo half; sleep 300", timeout_seconds: 0.5 })).toEqual({
      text: "half\n(timed out after 0.5 s and was ended; the output is what it had printed)\n",
      isError: true,
    });
  });

  it("ends a command when the agent is canceled", async () => {
    const controller = new AbortController();
    const tool = createBashTool({ cwd: directory, onOutput: () => controller.abort() });
    expect(await tool({ command: "echo started; sleep 300" }, controller.signal)).toEqual({
      text: "started\n(canceled by the user; the output is what it had printed)\n",
      isError: true,
    });
  });

  it("returns when the shell is done, and tells of what it left running", async () => {
    expect(await call({ command: "echo done; sleep 300 &" })).toEqual({
      text: "done\n(something it left running still held the output; nothing more of it was read)\n",
      isError: false,
    });
  });

  it("gives commands that wait for input the end of it", async () => {
    expect(await call({ command: "cat; echo $PAGER" })).toEqual({ text: "cat\n", isError: false });
  });

  it("answers a model's mistake with what to do, and runs nothing", async () => {
    const executor = createExecutor({ backend: memoryBackend({}) });
    const tool = createBashTool({ cwd: directory, executor });
    const wrong: [input: unknown, text: RegExp][] = [
      [undefined, /`command`/],
      ["ls", /`command`/],
      [{ cmd: "ls" }, /`command`/],
      [{ command: ["ls"] }, /`command`/],
      [{ command: "ls", timeout_seconds: 0 }, /`timeout_seconds`/],
      [{ command: "ls", timeout_seconds: 601 }, /`timeout_seconds`/],
      [{ command: "ls", timeout_seconds: "5" }, /`timeout_seconds`/],
      [{ command: " " }, /not empty/],
      [{ command: "a\0b" }, /NUL/],
    ];
    for (const [input, text] of wrong) {
      expect(await tool(input)).toEqual({ text: expect.stringMatching(text), isError: true });
    }
  });

  it("tells the model when its directory is gone", async () => {
    const tool = createBashTool({ cwd: join(directory, "gone") });
    expect(await tool({ command: "ls" })).toEqual({
      text: expect.stringMatching(/directory ".*gone" does not exist/),
      isError: true,
    });
  });

  it("rejects when it is the program that is at fault, and not the model", async () => {
    const onOutput = () => {
      throw new Error("the screen is on fire");
    };
    await expect(createBashTool({ cwd: directory, onOutput })({ command: "echo" })).rejects.toThrow();
    expect(() => createBashTool({ cwd: "" })).toThrow(/cwd/);
  });

  it("runs without a shell when a test brings a backend", async () => {
    const backend = memoryBackend({
      "/bin/bash --norc -c 'npm test'": { stdout: "1 passed\n", exitCode: 0 },
    });
    const tool = createBashTool({ cwd: directory, executor: createExecutor({ backend }) });
    expect(await tool({ command: "npm test" })).toEqual({ text: "1 passed\n", isError: false });
  });

  it("has a schema that names what it reads", () => {
    expect(definition.name).toBe("bash");
    const { properties, required } = definition.input_schema;
    expect(Object.keys(properties)).toEqual(["command", "timeout_seconds"]);
    expect(required).toEqual(["command"]);
    expect(JSON.parse(JSON.stringify(definition))).toEqual(definition);
  });
});

describe("the example as a program", () => {
  it("shows every kind of result", async () => {
    const shown: string[] = [];
    await main((text) => shown.push(text));
    const all = shown.join("\n");
    for (
      const text of [
        '"name": "bash"',
        "one\ntwo\nthree",
        "(exit code 2)",
        "...(truncated, showing last",
        "(timed out after 0.5 s",
        "cat had nothing to read",
        "Give the command line as the string `command`.",
      ]
    ) expect(all).toContain(text);
  });

  it("runs as a file on this runtime, and only as a file", async () => {
    const source = "scripts/examples/bash_tool.ts";
    const built = ".build/scripts/examples/bash_tool.js";
    const root = fileURLToPath(new URL("..", import.meta.url));
    if (runtime === "node" && !existsSync(join(root, built))) {
      throw new Error(`There is no ${built}: run "node scripts/test.mjs build" first.`);
    }
    const args = { node: [built], deno: ["run", "-A", source], bun: [source] }[runtime];
    const stdout = await new Promise<string>((resolve, reject) => {
      execFile(process.execPath, args, { cwd: root }, (error, out) => error ? reject(error) : resolve(out));
    });
    expect(stdout).toMatch(/^\{\n {2}"name": "bash",\n/);
    expect(stdout.match(/^=> (success|error)$/gm)).toEqual([
      "=> success",
      "=> error",
      "=> success",
      "=> error",
      "=> success",
      "=> error",
    ]);
  });
});
