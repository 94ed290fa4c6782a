/**
 * What SECURITY.md promises: arguments arrive as they are, no shell runs unless asked for, and few others are trusted.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { describe, expect, it } from "vitest";
import { createExecutor, type ExecEvent, quote, run } from "../mod.ts";
import { runHost, runtime } from "./support/host.ts";
import { failure } from "./support/outcome.ts";

/** Values that mean something to a shell, to cmd.exe, to option parsers or to whoever splits text. */
const VALUES = [
  "-rf",
  "--",
  "--upload-pack=touch x",
  "-oProxyCommand=id",
  "",
  " ",
  "a b",
  "line\nbreak",
  "\r\n",
  "\ttab",
  `"`,
  `'`,
  `'"'"'`,
  "\\",
  '\\"',
  "%PATH%",
  "%%",
  "^",
  "^&calc",
  "!x!",
  "$HOME",
  "${IFS}",
  "$(id)",
  "`id`",
  "a;id",
  "a&&id",
  "|id",
  ">x",
  "*",
  "~",
  "{a,b}",
  "#",
  "=ls",
  "\u0001\u007f",
  "\u2028é漢😀\u202e",
];

describe("arguments arrive as they were given,", () => {
  const argv = ["printf", "%s\\0", ...VALUES];
  const expected = VALUES.map((value) => `${value}\0`).join("");
  const executor = createExecutor();

  it("as words, as a string that quote made, and with merged output", async () => {
    expect((await executor.output(argv)).stdoutText()).toBe(expected);
    expect((await executor.output(quote(argv))).stdoutText()).toBe(expected);
    expect((await executor.output(argv, { mergeStderr: true })).stdoutText()).toBe(expected);
  });

  it("and through a shell when quote made the text", async () => {
    const { output } = await run(quote(["printf", "%s\\0", ...VALUES]), { cwd: "/", maxOutput: Infinity });
    expect(output).toBe(expected);
  });

  it("and as values of environment variables", async () => {
    for (const mergeStderr of [false, true]) {
      const env = Object.fromEntries(VALUES.map((value, index) => [`V${index}`, value]));
      const output = await executor.output("env -0", { env, mergeStderr });
      const lines = output.stdoutText().split("\0");
      for (const [index, value] of VALUES.entries()) expect(lines).toContain(`V${index}=${value}`);
    }
  });

  it.each([true, false])(
    "and variables named like what every object has, inherited ones too: %s",
    async (inheritEnv) => {
      const env = JSON.parse('{"__proto__": "a", "constructor": "b", "toString": "c"}') as Record<
        string,
        string
      >;
      const { stdoutText } = await createExecutor({ inheritEnv }).output(["/usr/bin/env"], { env });
      const set = stdoutText().split("\n").filter((line) => /^(__proto__|constructor|toString)=/.test(line));
      // Bun itself drops the first.
      const all = [...(runtime === "bun" ? [] : ["__proto__=a"]), "constructor=b", "toString=c"];
      expect(set.sort()).toEqual(all);
    },
  );

  it.each(["-c", "--", "-", "-a", "$(id)", "a;id", "\nid"])(
    "a command named %j is looked for by just that name",
    async (name) => {
      for (const mergeStderr of [false, true]) {
        const error = await failure(executor.output([name, "id"], { mergeStderr }));
        expect(error).toMatchObject({ reason: "command_not_found" });
      }
    },
  );
});

describe("no shell runs unless asked for:", () => {
  const shells = ["sh", "bash", "dash"].map((name) =>
    spawnSync("readlink", ["-f", `/bin/${name}`], { encoding: "utf8" }).stdout.trim()
  ).filter((path) => path.startsWith("/"));
  const mounts = process.getuid?.() === 0 && spawnSync("unshare", ["-m", "true"]).status === 0;

  // Only root can put something else in the place of the shells, for one host alone.
  it.skipIf(!mounts)("commands work where every shell is /bin/false, and run does not", async () => {
    const replace = [...new Set(shells)].map((path) => `mount --bind /bin/false ${path}`).join(" && ");
    const under = ["unshare", "-m", "sh", "-c", `${replace} && exec "$@"`, "sh"];
    const { exitCode, report, stderr } = await runHost("no_shell", { under });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    const words = "a;b | c && d $NAME `id` $(id) * ~ > /nowhere # x";
    expect(report).toMatchObject({
      words: `${words}\n`,
      array: `echo ${words}\n`,
      input: "$(id)",
      cwd: "/\n",
      spawned: "$NAME\n",
      code: 0,
      missing: "command_not_found",
      ...(runtime !== "deno" && { merged: "$NAME | id\n" }),
      run: "",
    });
  });
});

describe("a secret in the environment is in no message and no event", () => {
  const SECRET = "hunter2-correct-horse";
  const env = { TOKEN: SECRET };

  it("of what is interrupted while a policy or a backend takes its time", async () => {
    const told: ExecEvent[] = [];
    const onEvent = (event: ExecEvent) => void told.push(event);
    const silent = createExecutor({ policy: () => new Promise(() => {}), onEvent, env });
    const errors = [
      await failure(silent.output("true", { timeout: 10, env })),
      await failure(silent.output("true", { signal: AbortSignal.timeout(10), env })),
      await failure(createExecutor({ onEvent, env }).output("sleep 60", { timeout: 1, env })),
    ].map((error) => `${error.message} ${error.stack} ${JSON.stringify(error.details)} ${error.cause}`);
    for (const text of [...errors, JSON.stringify(told)]) expect(text).not.toContain(SECRET);
    expect(errors.length).toBeGreaterThan(2);
  });

  it("of a name or value that can't be one", async () => {
    for (const wrong of [{ "": SECRET }, { "A=B": SECRET }, { A: `${SECRET}\0` }, { A: [SECRET] }]) {
      const error = await failure(createExecutor().output("true", { env: wrong as never }));
      expect(`${error.message} ${JSON.stringify(error.details)}`).not.toContain(SECRET);
    }
  });
});

describe("what is installed with the package", () => {
  const read = (path: string) => JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), "utf8"));
  interface Locked {
    version: string;
    integrity?: string;
    dev?: boolean;
    optional?: boolean;
    devOptional?: boolean;
    hasInstallScript?: boolean;
  }
  const { "": project, ...packages } = read("package-lock.json").packages as Record<string, Locked>;

  it("is cross-spawn, and what that needs", () => {
    expect(Object.keys(read("package.json").dependencies)).toEqual(["cross-spawn"]);
    const installed = Object.entries(packages)
      .filter(([, { dev, devOptional }]) => !dev && !devOptional)
      .map(([path]) => path.replace("node_modules/", ""));
    expect(installed.sort()).toEqual([
      "cross-spawn",
      "isexe",
      "path-key",
      "shebang-command",
      "shebang-regex",
      "which",
    ]);
    for (const name of installed) expect(packages[`node_modules/${name}`]?.hasInstallScript).toBe(undefined);
  });

  it("is pinned, with all tools, to one version and one content", () => {
    const { dependencies, devDependencies } = read("package.json");
    expect(project).toMatchObject({ dependencies, devDependencies });
    const loose = Object.entries(packages)
      .filter(([, { version, integrity }]) =>
        !/^\d+\.\d+\.\d+/.test(version) || !integrity?.startsWith("sha512-")
      );
    expect(loose.map(([path]) => path)).toEqual([]);
  });

  it("runs no script at install but those that package.json allows, each of which it names", () => {
    const { allowScripts } = read("package.json") as { allowScripts: Record<string, boolean> };
    const scripts = Object.entries(packages)
      .filter(([, { hasInstallScript, optional }]) => hasInstallScript && !optional)
      .map(([path]) => path.replace("node_modules/", ""));
    expect(Object.keys(allowScripts)).toEqual(expect.arrayContaining(scripts));
    expect(Object.entries(allowScripts).filter(([, allowed]) => allowed)).toEqual([["bun", true]]);
  });
});
