import crossSpawn from "cross-spawn";
import { win32 } from "node:path";
import { describe, expect, it } from "vitest";
import type { SpawnRequest } from "../../../src/backend.ts";
import { type ParseScript, windowsLaunch } from "../../../backends/windows/launch.ts";

const CMD = "C:\\Windows\\System32\\cmd.exe";
const files = [
  CMD,
  "C:\\bin\\git.exe",
  "C:\\bin\\npm",
  "C:\\bin\\npm.cmd",
  "C:\\bin\\node.exe",
  "C:\\bin\\tool.com",
  "C:\\bin\\tool.exe",
  "C:\\bin\\old.bat",
  "C:\\bin\\dotted.name.cmd",
  "C:\\other\\git.exe",
  "C:\\other\\only.js",
  "D:\\work\\git.exe",
  "D:\\work\\own.exe",
  "D:\\work\\build.cmd",
  "D:\\work\\script",
  "D:\\work\\lost",
  "D:\\work\\plain.txt",
  "D:\\work\\sub\\deep.exe",
];
const env = {
  Path: 'C:\\bin;;"C:\\other"',
  PATHEXT: ".COM;.EXE;.BAT;.CMD;.VBS;.JS",
  SystemRoot: "C:\\Windows",
};

/** What cross-spawn does on Windows, as far as it is used. */
const parse: ParseScript = (file, args) => {
  const interpreter =
    { "D:\\work\\script": "node", "C:\\bin\\npm": "bash", "D:\\work\\lost": "no-such-interpreter" }[file];
  if (interpreter === "node") return { command: interpreter, args: [file, ...args], options: {} };
  return { command: CMD, args: ["/d", "/s", "/c", `"${file}"`], options: { windowsVerbatimArguments: true } };
};

const host = {
  env,
  cwd: "D:\\",
  isFile: (path: string) => Promise.resolve(files.some((file) => file.toLowerCase() === path.toLowerCase())),
  isDirectory: (path: string) => Promise.resolve(path.toLowerCase() === "d:\\work"),
  resolve: win32.resolve,
  parser: () => Promise.resolve(parse),
};

async function launch(argv: string[], more: Partial<SpawnRequest> = {}) {
  const request: SpawnRequest = {
    argv,
    cwd: "D:\\work",
    env: {},
    inheritEnv: true,
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
    mergeStderr: false,
    group: false,
    ...more,
  };
  const { file, args, raw } = await windowsLaunch(request, host);
  return { file: file.toLowerCase(), args, raw };
}

/** Why it does not start: the reason, or the system's code. */
async function refusal(argv: string[], more: Partial<SpawnRequest> = {}): Promise<string> {
  const error = await launch(argv, more).then(
    () => undefined,
    (error) => error as { reason?: string; code?: string },
  );
  return error?.reason ?? error?.code ?? "started";
}

describe("the file of a command on Windows", () => {
  it.each([
    ["git", "c:\\bin\\git.exe", "in PATH, not in the working directory"],
    ["GIT.EXE", "c:\\bin\\git.exe", "whatever its case"],
    ["tool", "c:\\bin\\tool.com", "by the order of PATHEXT"],
    ["tool.exe", "c:\\bin\\tool.exe", "by its whole name"],
    [".\\own", "d:\\work\\own.exe", "from the command's working directory"],
    ["./own", "d:\\work\\own.exe", "with a slash"],
    ["sub/deep", "d:\\work\\sub\\deep.exe", "below it"],
    ["D:own", "d:\\work\\own.exe", "on the working directory's drive"],
    ["\\work\\own", "d:\\work\\own.exe", "from the root of that drive"],
    ["C:\\other\\git", "c:\\other\\git.exe", "by its full path"],
  ])("%s is %s: %s", async (name, file) => {
    expect(await launch([name, "a b"])).toEqual({ file, args: ["a b"], raw: false });
  });

  it("is looked up in the PATH the command gets", async () => {
    expect((await launch(["git"], { env: { PATH: "C:\\other" } })).file).toBe("c:\\other\\git.exe");
    expect(await refusal(["tool"], { env: { PATH: "C:\\other" } })).toBe("ENOENT");
  });

  it("is looked up in the host's PATH when the command gets none, as Windows gives it that one", async () => {
    expect((await launch(["git"], { inheritEnv: false })).file).toBe("c:\\bin\\git.exe");
  });

  it("may lie in a directory of PATH that is relative to the working directory", async () => {
    expect((await launch(["deep"], { env: { PATH: "sub" } })).file).toBe("d:\\work\\sub\\deep.exe");
  });

  it("is looked up by the PATHEXT the command gets, as far as files can be started", async () => {
    expect((await launch(["tool"], { env: { PATHEXT: ".EXE;.COM" } })).file).toBe("c:\\bin\\tool.exe");
    expect((await launch(["tool"], { env: { PATHEXT: ".PY" } })).file).toBe("c:\\bin\\tool.com");
  });

  it("is missing when only the working directory has it, or only an application could open it", async () => {
    expect(await refusal(["own"])).toBe("ENOENT");
    expect(await refusal(["only"])).toBe("ENOENT");
    expect(await refusal(["no-such-command"])).toBe("ENOENT");
    expect(await refusal(["C:own"])).toBe("ENOENT");
  });

  it("is refused when it is a directory, a text, or a script without an interpreter", async () => {
    expect(await refusal(["D:\\work"])).toBe("EACCES");
    expect(await refusal(["./plain.txt"])).toBe("os_permission");
    expect(await refusal(["./lost"])).toBe("os_permission");
  });
});

describe("a batch file", () => {
  it("is preferred to a script of the same name, and run by Windows' own cmd.exe", async () => {
    expect(await launch(["npm", "run", "a&b"], { env: { ComSpec: "C:\\evil.exe" } })).toEqual({
      file: CMD.toLowerCase(),
      args: ["/d", "/e:on", "/v:off", "/s", "/c", '""C:\\bin\\npm.cmd" "run" "a&b""'],
      raw: true,
    });
  });

  it.each(["old", "old.bat", "dotted.name", "C:\\bin\\OLD.BAT", "./build"])("%s is one", async (name) => {
    expect((await launch([name])).file).toBe(CMD.toLowerCase());
  });

  it("gets no line break, because cmd.exe would drop what follows it; a program does get it", async () => {
    expect(await refusal(["npm", "a\nb"])).toBe("invalid_command");
    expect(await refusal(["npm", "a\rb"])).toBe("invalid_command");
    expect((await launch(["git", "a\nb\r"])).args).toEqual(["a\nb\r"]);
  });

  it("gets no longer line than cmd.exe reads to its end", async () => {
    expect(await refusal(["npm", "a".repeat(8_000)])).toBe("started");
    expect(await refusal(["npm", "a".repeat(8_191)])).toBe("argument_too_long");
    expect(await refusal(["git", "a".repeat(32_700)])).toBe("started");
    expect(await refusal(["git", "a".repeat(32_767)])).toBe("argument_too_long");
  });
});

describe("a script", () => {
  it("is run by the interpreter its first line names, which is looked up in PATH alone", async () => {
    const expected = { file: "c:\\bin\\node.exe", args: ["D:\\work\\script", "a\nb"], raw: false };
    expect(await launch(["./script", "a\nb"])).toEqual(expected);
    expect(await refusal(["./script"], { env: { PATH: "C:\\other" } })).toBe("os_permission");
  });

  it("is taken apart by a function that cross-spawn has", () => {
    expect((crossSpawn as unknown as { _parse: unknown })._parse).toBeTypeOf("function");
  });
});

describe("cmd.exe itself", () => {
  it("gets its command line as it was written", async () => {
    const text = 'echo "a b" & echo %PATH% | more';
    expect(await launch(["cmd", "/d", "/s", "/c", text], { env: { PATH: "C:\\Windows\\System32" } })).toEqual(
      {
        file: CMD.toLowerCase(),
        args: ["/d", "/s", "/c", `"${text}"`],
        raw: true,
      },
    );
  });

  it("gets one line: an end of line behind it is dropped, one inside is refused", async () => {
    const cmd = (text: string) => [CMD, "/d", "/s", "/c", text];
    expect((await launch(cmd("echo a\r\n"))).args.at(-1)).toBe('"echo a"');
    expect(await refusal(cmd("echo a\necho b"))).toBe("invalid_command");
  });

  it("is like any other program without /s", async () => {
    expect(await launch([CMD, "/c", "echo", "a b"])).toEqual({
      file: CMD.toLowerCase(),
      args: ["/c", "echo", "a b"],
      raw: false,
    });
  });
});

describe("a variable", () => {
  it("that Windows would not take is refused, without its value", async () => {
    const error = await launch(["git"], { env: { LONG: "x".repeat(32_767) } }).catch((error) => error);
    expect(error.reason).toBe("argument_too_long");
    expect(error.message).toContain("LONG");
    expect(error.message).not.toContain("xxx");
  });
});
