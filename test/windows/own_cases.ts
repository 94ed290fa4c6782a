/**
 * What holds on Windows alone, with real processes: batch files, trees, shells, the environment's names.
 */
import { deepStrictEqual as same, match, ok, rejects, strictEqual as equal } from "node:assert";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createExecutor, resolveShell, run } from "../../mod.ts";
import type { Backend } from "../../src/backend.ts";
import type { TestFramework } from "../../src/testing/mod.ts";

/** What is tested, and what it is tested with. */
export interface Surroundings {
  readonly backend: Backend;
  /** The path of node.exe, and of the program that plays the suite's. */
  readonly node: string;
  readonly player: string;
}

/** Words that cmd.exe would take for commands, variables or the end of a word. */
const HARD = [
  'a"&echo INJECTED&"',
  "a&echo INJECTED",
  "%PATH%",
  "%CD:~,%",
  "100%",
  "^&",
  "a^",
  '"',
  'a\\"b',
  "a\\",
  "",
  "two words",
  "(x)",
  "!PATH!",
  "a,b;c=d",
  "<in >out |more",
  "it's $HOME *",
];

const CMD = ["C:\\windows\\System32\\cmd.exe", ["/d", "/s", "/c"]] as const;

/** Windows keeps a directory for a moment after the last process in it has ended. */
async function remove(directory: string): Promise<void> {
  for (let tries = 50;; tries--) {
    try {
      return rmSync(directory, { recursive: true, force: true });
    } catch (error) {
      if (tries === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** Declares the tests. */
export function ownCases({ backend, node, player }: Surroundings, { describe, it }: TestFramework): void {
  const executor = createExecutor({ backend, killGrace: 200 });
  const test = (promise: string, body: (directory: string) => Promise<void>) =>
    it(`${promise} (Windows)`, async () => {
      const directory = mkdtempSync(join(tmpdir(), "polyspawn-"));
      try {
        await body(directory);
      } finally {
        await remove(directory);
      }
    }, 60_000);
  const print = "console.log(JSON.stringify(process.argv.slice(2)))";
  const reason = (expected: string) => (error: unknown) => (error as { reason?: string }).reason === expected;
  const isAlive = async (pid: number) => (await executor.output([node, player, "isAlive", String(pid)])).ok;

  describe("batch files", () => {
    test("what a batch file is given stays data, in it and in the program it calls", async (directory) => {
      writeFileSync(join(directory, "print.js"), print);
      writeFileSync(join(directory, "show.cmd"), `@"${node}" "%~dp0print.js" %*\r\n`);
      writeFileSync(join(directory, "first.cmd"), `@"${node}" "%~dp0print.js" %1\r\n`);
      const output = await executor.output(["./show", ...HARD], { cwd: directory });
      same(JSON.parse(output.stdoutText()), HARD);
      for (const word of HARD) {
        const { stdoutText } = await executor.output([join(directory, "first.cmd"), word], {
          cwd: directory,
        });
        same(JSON.parse(stdoutText()), [word]);
      }
    });
    test("a batch file's exit code is told", async (directory) => {
      writeFileSync(join(directory, "fails.bat"), "@exit /b 7\r\n");
      equal((await executor.output(["./fails"], { cwd: directory })).exitCode, 7);
    });
    test("a line break for a batch file is refused, and starts nothing", async (directory) => {
      writeFileSync(join(directory, "touch.cmd"), "@echo %1>touched\r\n");
      await rejects(executor.output(["./touch", "a\r\nb"], { cwd: directory }), reason("invalid_command"));
      await rejects(executor.output(["./touch", "a\nb"], { cwd: directory }), reason("invalid_command"));
      ok(
        (await executor.output([node, "-e", 'process.exit(fs.existsSync("touched") ? 1 : 0)'], {
          cwd: directory,
        })).ok,
      );
    });
  });

  describe("lookup", () => {
    test("a bare name is not looked up in the working directory", async (directory) => {
      copyFileSync(CMD[0], join(directory, "polyspawn-planted.exe"));
      await rejects(
        executor.output("polyspawn-planted /c echo hi", { cwd: directory }),
        reason("command_not_found"),
      );
      const env = { path: directory };
      const { stdoutText } = await executor.output("polyspawn-planted /c echo hi", { cwd: directory, env });
      equal(stdoutText(), "hi\r\n");
    });
    test("a relative path starts at the command's working directory", async (directory) => {
      mkdirSync(join(directory, "sub"));
      copyFileSync(CMD[0], join(directory, "sub", "mine.exe"));
      const { stdoutText } = await executor.output(["sub/mine", "/c", "echo hi"], { cwd: directory });
      equal(stdoutText(), "hi\r\n");
    });
    test("a command line that is too long is refused and not cut", async () => {
      await rejects(executor.output([node, "-e", "0", "x".repeat(32_767)]), reason("argument_too_long"));
      const { stdoutText } = await executor.output([
        node,
        "-p",
        "process.argv[1].length",
        "x".repeat(32_000),
      ]);
      equal(stdoutText().trim(), "32000");
    });
    test("a file that only an application could open is refused", async (directory) => {
      writeFileSync(join(directory, "notes.txt"), "text");
      await rejects(executor.output(["./notes.txt"], { cwd: directory }), reason("os_permission"));
    });
  });

  describe("streams", () => {
    // Seen under Wine: commands that Deno starts at once keep each other's input open, and never see its end.
    if ("Deno" in globalThis) return;
    test("eight commands at a time each get their own input and output", async () => {
      const texts = Array.from({ length: 8 }, (_, i) => `input of ${i}\n`);
      const outputs = await Promise.all(
        texts.map((input) => executor.output([node, player, "cat"], { input })),
      );
      same(outputs.map(({ stdoutText }) => stdoutText()), texts);
    });
  });

  describe("variables", () => {
    const printed = async (env: Record<string, string | undefined>) => {
      const code =
        "console.log(JSON.stringify(Object.entries(process.env).filter(([n]) => /^poly/i.test(n))))";
      const outer = createExecutor({ backend, env: { PolySpawn: "outer" } });
      return JSON.parse((await outer.output([node, "-e", code], { env })).stdoutText()) as unknown;
    };
    test("the name of a variable has no case", async () => {
      same(await printed({}), [["PolySpawn", "outer"]]);
      same(await printed({ POLYSPAWN: "call" }), [["PolySpawn", "call"]]);
      same(await printed({ polyspawn: undefined }), []);
    });
    test("without inheritEnv a program starts all the same", async () => {
      const output = await executor.output([node, "-p", "typeof process.env.SystemRoot"], {
        inheritEnv: false,
      });
      equal(output.stdoutText().trim(), "string");
    });
  });

  describe("ends", () => {
    test("a process can be sent the signals that end it, and no other", async () => {
      for (const signal of ["SIGTERM", "SIGINT", "SIGKILL"] as const) {
        const process = await executor.spawn([node, player, "sleeper"]);
        await process.signal(signal);
        await process.wait();
        equal(process.exitStatus?.signal, signal);
      }
      const process = await executor.spawn([node, player, "sleeper"]);
      await rejects(process.signal("SIGUSR1"), reason("unsupported"));
      equal(process.state, "running");
      equal(await process.close(), true);
    });
    test("what is left of a host that ends is nothing", async (directory) => {
      const host = join(directory, "host.mjs");
      const module = (path: string) => JSON.stringify(new URL(`../../${path}`, import.meta.url).href);
      writeFileSync(
        host,
        `const { createExecutor } = await import(${module("mod.js")});
const child = await createExecutor().spawn(${JSON.stringify([node, player, "family"])});
for await (const line of child.stdoutStream().lines({ preventCancel: true })) { console.log(line); break; }
process.exit(5);`,
      );
      const output = await executor.output([node, host], { keepBackground: true });
      equal(output.exitCode, 5, output.stderrText());
      const pid = Number(output.stdoutText());
      ok(pid > 0);
      equal(await isAlive(pid), false);
    });
  });

  describe("shells", () => {
    test("run gives cmd.exe its line as it was written", async (directory) => {
      const result = await run('echo one& echo "two & three"& exit 7', {
        cwd: directory,
        shell: CMD,
        executor,
      });
      same([result.ok, "exitCode" in result && result.exitCode, result.ordered], [false, 7, false]);
      equal(result.output.replaceAll("\r", ""), 'one\n"two & three"\n');
    });
    test("run refuses more than one line for cmd.exe", async (directory) => {
      const options = { cwd: directory, shell: CMD, executor };
      await rejects(run("echo one\necho two", options), reason("invalid_command"));
      await rejects(run("echo one", { ...options, commandPrefix: "cd .." }), reason("invalid_command"));
      equal((await run("echo one\r\n", options)).output, "one\r\n");
    });
    test("a run that is ended by its timeout leaves nothing", async (directory) => {
      const line = `"${node}" "${player}" family`;
      const result = await run(line, { cwd: directory, shell: CMD, executor, timeout: 5_000 });
      equal(result.ok || result.reason, "timeout");
      equal(await isAlive(Number(result.output)), false);
    });
    test("the shell is found, by its full path", async () => {
      const [executable, args] = await resolveShell({ executor });
      match(executable, /^C:\\.*\\(pwsh|powershell|cmd)\.exe$/i);
      ok(args.length > 0 && dirname(executable) !== ".");
    });
  });
}
