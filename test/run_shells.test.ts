import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describe, expect, it } from "vitest";
import { run, type Shell } from "../mod.ts";
import { isInstalled } from "./support/installed.ts";
import { failure } from "./support/outcome.ts";
import { isRunning } from "./support/liveness.ts";
import { expectNoneLeft, pidsIn } from "./support/pids.ts";
import { temporaryDirectory } from "./support/temporary.ts";
import { until, within } from "./support/within.ts";

interface ShellCase {
  readonly shell: Shell;
  /** Prints `line 0`, `line 1` and so on to stdout and stderr in turn. */
  readonly alternating: (pairs: number) => string;
  /** What stands for the shell's own process number. */
  readonly pid: string;
  readonly exitWithStatus: string;
}

const posix = {
  alternating: (pairs: number) =>
    `i=0; while [ $i -lt ${pairs} ]; do echo "out $i"; echo "err $i" >&2; i=$((i+1)); done`,
  pid: "$$",
  exitWithStatus: "exit $?",
};

const cases: Record<string, ShellCase> = {
  bash: { ...posix, shell: ["bash", ["-c"]] },
  dash: { ...posix, shell: ["dash", ["-c"]] },
  zsh: { ...posix, shell: ["zsh", ["-c"]] },
  // Where both are installed, `ksh` may be mksh.
  ksh: { ...posix, shell: ["ksh93", ["-c"]] },
  mksh: { ...posix, shell: ["mksh", ["-c"]] },
  busybox: { ...posix, shell: ["busybox", ["sh", "-c"]] },
  fish: {
    shell: ["fish", ["-c"]],
    alternating: (pairs) => `for i in (seq 0 ${pairs - 1}); echo "out $i"; echo "err $i" >&2; end`,
    pid: "$fish_pid",
    exitWithStatus: "exit $status",
  },
};

const names = Object.keys(cases);
const present = names.filter((name) => isInstalled(cases[name]!.shell[0]));
const missing = names.filter((name) => !present.includes(name));
console.log(`Shells that are tested: ${present.join(", ")}; not installed: ${missing.join(", ") || "none"}.`);

it("every shell is installed, where POLYSPAWN_ALL_SHELLS says that it must be", () => {
  if (process.env["POLYSPAWN_ALL_SHELLS"]) expect(missing).toEqual([]);
});

for (const name of present) {
  const { shell, alternating, pid, exitWithStatus } = cases[name]!;
  const here = { cwd: ".", shell };

  describe.concurrent(name, () => {
    it("prints thousands of lines to stdout and stderr, which come in the order written", async () => {
      const result = await run(alternating(2_500), { ...here, maxOutput: Infinity });
      expect(result).toMatchObject({ ok: true, ordered: true, complete: true });
      expect(result.output).toBe(Array.from({ length: 2_500 }, (_, i) => `out ${i}\nerr ${i}\n`).join(""));
    });

    it("tells its exit code, and the signal that killed it", async () => {
      expect(await run("echo x; exit 7", here)).toMatchObject({ exitCode: 7, output: "x\n" });
      expect(await run(`sh -c 'exit 5'; ${exitWithStatus}`, here)).toMatchObject({
        reason: "nonzero",
        exitCode: 5,
      });
      const killed = await run(`echo x; kill -KILL ${pid}`, here);
      expect(killed).toMatchObject({ reason: "nonzero", exitCode: 137, signal: "SIGKILL", output: "x\n" });
    });

    it("gets its environment, its directory and an empty stdin", async (context) => {
      const cwd = temporaryDirectory(context);
      const env = { POLYSPAWN_TEST: "a b;$c'\"\\", PWD: "/nowhere" };
      const result = await run('printenv POLYSPAWN_TEST; pwd; cat; echo "$POLYSPAWN_TEST"', {
        shell,
        cwd,
        env,
      });
      expect(result.output).toBe(`a b;$c'"\\\n${cwd}\na b;$c'"\\\n`);
    });

    it("reads what it is fed", async () => {
      expect((await run("tr a-z A-Z | cat", { ...here, input: "fed\n" })).output).toBe("FED\n");
    });

    it("is not started in a directory that is not there, or is none", async (context) => {
      const directory = temporaryDirectory(context);
      const file = join(directory, "file");
      writeFileSync(file, "");
      for (const cwd of [join(directory, "none"), file, join(file, "below")]) {
        const error = await failure(run("echo x", { shell, cwd }));
        expect(error).toMatchObject({ kind: "NOT_FOUND", reason: "cwd_not_found", retryable: false });
        expect(error.message).toContain(cwd);
      }
    });

    it("runs the prefix on lines of its own, whatever it ends in", async () => {
      const runWith = async (commandPrefix: string, command: string) =>
        (await run(command, { ...here, commandPrefix })).output;
      expect(await runWith("echo before", "echo after")).toBe("before\nafter\n");
      expect(await runWith("echo before # and no more", "echo after")).toBe("before\nafter\n");
      expect(await runWith("echo before;", "# nothing\necho after")).toBe("before\nafter\n");
      expect(await runWith("", "echo only")).toBe("only\n");
      if (name === "fish") return expect(await runWith("set x 1", "echo $x")).toBe("1\n");
      expect(await runWith("cat <<END\n$((1+1))\nEND", "echo after")).toBe("2\nafter\n");
      expect(await runWith("f() { echo in f; }", "f")).toBe("in f\n");
    });

    it("is ended by a timeout, with what it left in the background", async () => {
      const command = `echo pid ${pid}; sh -c 'echo pid $$; exec sleep 60' & sleep 60`;
      const result = await within(2_500, run(command, { ...here, timeout: 1_500 }));
      expect(pidsIn(result.output)).toHaveLength(2);
      await until(() => !pidsIn(result.output).some(isRunning));
      expect(result).toMatchObject({ ok: false, reason: "timeout", ordered: true });
    });

    it("leaves nothing in the background when it exits", async () => {
      const result = await run("sh -c 'echo pid $$; exec sleep 60' & sleep 0.2; echo done", here);
      expectNoneLeft(result.output);
      expect(result).toMatchObject({
        ok: true,
        output: expect.stringMatching(/^pid \d+\ndone\n$/),
        complete: false,
      });
    });
  });
}

it("Bash that is found, under no other shell and with input, runs no ~/.bashrc", async () => {
  const HOME = temporaryDirectory();
  writeFileSync(join(HOME, ".bashrc"), "echo from .bashrc");
  const { output } = await run("cat", { cwd: HOME, env: { HOME, SHLVL: undefined }, input: "input" });
  expect(output).toBe("input");
});
