import { describe, expect, it } from "vitest";
import { ProcessTree, taskkill } from "../../../backends/windows/tree.ts";
import { windowsShells, windowsShellText } from "../../../backends/windows/shells.ts";
import { failure } from "../../support/outcome.ts";

/** A tree whose end is told by hand, with a log of what was done to it. */
function tree() {
  const log: string[] = [];
  let done!: (all: boolean) => void;
  const killer = {
    process: () => void log.push("process"),
    tree: () => {
      log.push("tree");
      return new Promise<boolean>((resolve) => done = resolve);
    },
  };
  return { tree: new ProcessTree(killer), log, done: (all: boolean) => done(all) };
}

describe("taskkill", () => {
  it("is Windows' own, by its full path, for the whole tree and by force", () => {
    expect(taskkill(42, { SYSTEMROOT: "D:\\Win" })).toEqual(["D:\\Win\\System32\\taskkill.exe", [
      "/T",
      "/F",
      "/PID",
      "42",
    ]]);
  });

  it.each([{}, { SystemRoot: "" }, { SystemRoot: "evil" }, { SystemRoot: "\\\\server\\share" }, {
    SystemRoot: "C:\\",
  }])(
    "is looked for where Windows is when the environment is odd: %j",
    (env) => expect(taskkill(1, env)[0]).toBe("C:\\Windows\\System32\\taskkill.exe"),
  );
});

describe("a process tree", () => {
  it("is ended once, however often it is asked for", async () => {
    const { tree: one, log, done } = tree();
    const ends = [one.kill("SIGTERM", "group"), one.kill("SIGKILL", "group")];
    done(true);
    await Promise.all(ends);
    expect(log).toEqual(["tree"]);
  });

  it("has ended when taskkill has: nobody else can tell that the descendants are gone", async () => {
    const { tree: one, done } = tree();
    void one.kill("SIGTERM", "group");
    let told = false;
    const exit = one.exit(1).finally(() => told = true);
    await Promise.resolve().then(() => {}).then(() => {});
    expect([told, one.exited]).toEqual([false, true]);
    done(true);
    expect(await exit).toEqual({ code: 1, signal: "SIGTERM" });
  });

  it("loses at least the process itself when taskkill fails", async () => {
    const { tree: one, log, done } = tree();
    const end = one.kill("SIGKILL", "group");
    done(false);
    await end;
    expect(log).toEqual(["tree", "process"]);
  });

  it("is never touched after the exit: the number may be somebody else's", async () => {
    const { tree: one, log } = tree();
    expect(await one.exit(0)).toEqual({ code: 0 });
    await one.kill("SIGKILL", "group");
    await one.kill("SIGTERM", "process");
    expect(log).toEqual([]);
  });

  it("tells its own exit code when it came first", async () => {
    const { tree: one } = tree();
    void one.kill("SIGTERM", "process");
    expect(await one.exit(3)).toEqual({ code: 3 });
  });

  it("is sent no signal that Windows does not have", async () => {
    const { tree: one, log } = tree();
    for (const signal of ["SIGUSR1", "SIGHUP", "SIGSTOP"] as const) {
      const error = await failure(async () => await one.kill(signal, "process"));
      expect([error.reason, error.message]).toEqual(["unsupported", expect.stringContaining(signal)]);
    }
    expect(log).toEqual([]);
  });
});

describe("the shells of Windows", () => {
  it("are PowerShell 7, PowerShell, and cmd.exe, by their full paths", () => {
    expect(windowsShells({ SystemRoot: "D:\\Win", ProgramFiles: "D:\\Programs" })).toEqual([
      ["D:\\Programs\\PowerShell\\7\\pwsh.exe", ["-NoProfile", "-NonInteractive", "-Command"]],
      ["D:\\Win\\System32\\WindowsPowerShell\\v1.0\\powershell.exe", [
        "-NoProfile",
        "-NonInteractive",
        "-Command",
      ]],
      ["D:\\Win\\System32\\cmd.exe", ["/d", "/s", "/c"]],
    ]);
  });

  it("PowerShell is told to pass on the exit code of the last program, on a line of its own", () => {
    const text = windowsShellText(["C:\\x\\pwsh.exe", ["-Command"]], "npm test # all");
    expect(text).toBe(
      "npm test # all\nif (-not $?) { if ($LASTEXITCODE) { exit $LASTEXITCODE } else { exit 1 } }",
    );
  });

  it.each([["cmd.exe", ["/c"]], ["pwsh", ["-File"]], ["C:\\git\\bash.exe", ["-c"]]] as const)(
    "%s %j gets the text as it is",
    (executable, args) => expect(windowsShellText([executable, args], "text")).toBe("text"),
  );
});
