/**
 * The whitelist of a definition, and every way round it that comes to mind: real commands, which would leave a mark.
 */
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  createRegistry,
  createRunner,
  type ExecEvent,
  type Executor,
  type NativeConfig,
  run,
} from "../mod.ts";
import { plantEnv } from "./support/host_env.ts";
import { failure } from "./support/outcome.ts";
import { temporaryDirectory } from "./support/temporary.ts";

const events: ExecEvent[] = [];

/** An executor from a definition. */
async function native(config: NativeConfig): Promise<Executor> {
  const registry = createRegistry({ onEvent: (event) => events.push(event) });
  onTestFinished(() => registry.close());
  registry.define("app:exec", { kind: "exec.native", ...config });
  return await registry.get("app:exec");
}

/** A directory with a script that says which one it is. */
function scriptIn(directory: string, name: string, says: string): string {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, name);
  writeFileSync(path, `#!/bin/sh\necho ${says}\n`);
  chmodSync(path, 0o755);
  return directory;
}

describe("a whitelisted command runs, however it is written", () => {
  it.each<[command: string | string[]]>([
    ["echo a 'b c'"],
    [`echo  a "b c"`],
    ["ec'h'o a b\\ c"],
    [["echo", "a", "b c"]],
  ])("%j", async (command) => {
    const executor = await native({ commandWhitelist: ["echo a 'b c'"] });
    expect((await executor.output(command)).stdoutText()).toBe("a b c\n");
  });
});

describe("everything else is refused, and nothing of it runs", () => {
  const mark = join(temporaryRoot(), "mark");
  const whitelist = ["echo hi", "sh script.sh", ["touch", `${mark} allowed`]];

  it.each<[what: string, command: string | string[]]>([
    ["a prefix", "echo"],
    ["a prefix with more behind it", `echo hi ${mark}`],
    ["an empty word behind it", ["echo", "hi", ""]],
    ["the command as one word", ["echo hi"]],
    ["the words cut elsewhere", ["echo", "h", "i"]],
    ["an allowed command and another by ;", `echo hi; touch ${mark}`],
    ["an allowed command and another by &&", `echo hi && touch ${mark}`],
    ["a pipe", `echo hi | tee ${mark}`],
    ["a redirection", `echo hi > ${mark}`],
    ["a substitution", `echo $(touch ${mark})`],
    ["a newline", `echo hi\ntouch ${mark}`],
    ["an assignment before it", `X=1 echo hi`],
    ["a shell with an allowed command", ["sh", "-c", "echo hi"]],
    ["a shell that runs more than the allowed script", `sh -c 'touch ${mark}'`],
    ["env with an allowed command", "env echo hi"],
    ["another path to the executable", "/bin/echo hi"],
    ["a relative path to the executable", "./echo hi"],
    ["another case", "ECHO hi"],
    ["a quoted word with a space", ["echo", "hi "]],
    ["an argument that an allowed word contains", ["touch", mark]],
    ["a no-break space", "echo\u00a0hi"],
    ["composed otherwise", ["echo", "hı"]],
  ])("%s", async (_, command) => {
    const executor = await native({ commandWhitelist: whitelist });
    for (const how of ["exec", "spawn", "output"] as const) {
      const error = await failure(executor[how](command));
      expect(error).toMatchObject({
        kind: "PERMISSION_DENIED",
        reason: "command_not_allowed",
        retryable: false,
      });
      expect(error.message).toContain("is not on the whitelist: add exactly these words to allow it.");
    }
    expect(events.at(-1)).toMatchObject({ type: "denied", action: "whitelist", executorId: "app:exec" });
    expect(existsSync(mark)).toBe(false);
  });

  it("an empty list allows nothing", async () => {
    const executor = await native({ commandWhitelist: [] });
    expect(await failure(executor.exec("true"))).toMatchObject({ reason: "command_not_allowed" });
  });
});

describe("a call can't make an allowed command mean something else", () => {
  const refused: Record<string, object> = {
    "its own PATH": { env: { PATH: "/tmp" } },
    "no PATH": { env: { PATH: undefined } },
    "a PATH in another case": { env: { Path: "/tmp" } },
    LD_PRELOAD: { env: { LD_PRELOAD: "/tmp/x.so" } },
    LD_LIBRARY_PATH: { env: { LD_LIBRARY_PATH: "/tmp" } },
    LD_AUDIT: { env: { A: "1", LD_AUDIT: "/tmp/x.so" } },
    DYLD_INSERT_LIBRARIES: { env: { DYLD_INSERT_LIBRARIES: "/tmp/x.dylib" } },
    "the host's environment": { inheritEnv: true },
  };

  it.each(Object.keys(refused))("by %s", async (name) => {
    const executor = await native({ commandWhitelist: ["echo hi"], defaultEnv: { PATH: "/usr/bin:/bin" } });
    for (const how of ["exec", "spawn", "output"] as const) {
      const error = await failure(executor[how]("echo hi", refused[name]));
      expect(error).toMatchObject({ kind: "INVALID", reason: "invalid_option" });
      expect(error.message).toContain("set it on the executor");
      expect(error.message).not.toContain("/tmp");
    }
  });

  it("by a working directory for a relative executable, of whichever form", async () => {
    const [own, planted] = [temporaryDirectory(), temporaryDirectory()];
    scriptIn(own, "tool", "own");
    scriptIn(planted, "tool", "planted");
    scriptIn(join(own, "bin"), "tool", "own");
    scriptIn(join(planted, "bin"), "tool", "planted");
    const commandWhitelist = ["./tool", "bin/tool", "../polyspawn-test-none/tool"];
    const executor = await native({ commandWhitelist, defaultWorkDir: own });
    for (const command of commandWhitelist) {
      const error = await failure(executor.output(command, { cwd: planted }));
      expect(error).toMatchObject({ kind: "INVALID", reason: "invalid_option" });
    }
    expect((await executor.output("./tool")).stdoutText()).toBe("own\n");
    expect((await executor.output("bin/tool")).stdoutText()).toBe("own\n");
  });

  it("but it may choose another working directory for any other, and harmless variables", async () => {
    const [bin, other] = [temporaryDirectory(), temporaryDirectory()];
    scriptIn(bin, "pwd-tool", "$PWD $A");
    scriptIn(other, "pwd-tool", "planted");
    const executor = await native({ commandWhitelist: ["pwd-tool"], defaultEnv: { PATH: bin } });
    const options = { cwd: other, env: { A: "1" } };
    expect((await executor.output("pwd-tool", options)).stdoutText()).toBe(`${other} 1\n`);
  });

  it("by what it finds first: the executable is the one of the definition's PATH", async () => {
    const [hosts, own] = [temporaryDirectory(), temporaryDirectory()];
    scriptIn(hosts, "polyspawn-test-tool", "host");
    scriptIn(own, "polyspawn-test-tool", "own");
    plantEnv({ PATH: `${hosts}${delimiter}${process.env["PATH"]}` });
    const commandWhitelist = ["polyspawn-test-tool"];
    const executor = await native({ commandWhitelist, defaultEnv: { PATH: own } });
    expect((await executor.output("polyspawn-test-tool", { cwd: hosts })).stdoutText()).toBe("own\n");
    // Without a PATH in the definition it is the host's.
    expect((await (await native({ commandWhitelist })).output("polyspawn-test-tool")).stdoutText()).toBe(
      "host\n",
    );
  });

  it("by anything it did to the definition or to a process's words afterwards", async () => {
    const words = ["echo", "hi"];
    const executor = await native({ commandWhitelist: [words] });
    words[1] = "changed";
    const child = await executor.exec("echo hi");
    expect(() => (child.argv as string[])[1] = "changed").toThrow(TypeError);
    await child.start();
    expect(await child.stdoutStream().text()).toBe("hi\n");
    expect(await failure(executor.exec(words))).toMatchObject({ reason: "command_not_allowed" });
  });
});

describe("the runner under a whitelist", () => {
  it("is refused: its argv is a shell and a text, and no entry is a part of that", async () => {
    const executor = await native({ commandWhitelist: ["echo hi", "/bin/sh -c", "/bin/bash -c", "echo"] });
    for (
      const runner of [
        createRunner({ cwd: "/", executor }),
        createRunner({ cwd: "/", executor, shell: ["echo", []] }),
      ]
    ) {
      expect(await failure(runner.run("hi there"))).toMatchObject({ reason: "command_not_allowed" });
    }
    expect(await failure(run("echo hi", { cwd: "/", executor }))).toMatchObject({
      reason: "command_not_allowed",
    });
  });

  it("runs exactly the texts that an entry holds whole, and the prefix belongs to the text", async () => {
    const executor = await native({ commandWhitelist: [["/bin/sh", "-c", "echo hi; echo ho"]] });
    const runner = createRunner({ cwd: "/", executor, shell: ["/bin/sh", ["-c"]] });
    expect(await runner.run("echo hi; echo ho")).toMatchObject({ ok: true, output: "hi\nho\n" });
    for (const text of ["echo hi", "echo hi; echo ho ", "echo hi; echo ho; id", "echo hi; echo ho\n"]) {
      expect(await failure(runner.run(text))).toMatchObject({ reason: "command_not_allowed" });
    }
    for (const overrides of [{ commandPrefix: "id" }, { shell: ["/bin/sh", ["-e", "-c"]] as const }]) {
      expect(await failure(runner.run("echo hi; echo ho", overrides))).toMatchObject({
        reason: "command_not_allowed",
      });
    }
    const error = await failure(runner.run("echo hi; echo ho", { env: { LD_PRELOAD: "/tmp/x.so" } }));
    expect(error).toMatchObject({ reason: "invalid_option" });
  });

  it("takes no relative shell, because a run always says where it runs", async () => {
    const executor = await native({ commandWhitelist: [["./sh", "-c", "id"]], defaultWorkDir: "/bin" });
    const error = await failure(run("id", { cwd: "/tmp", executor, shell: ["./sh", ["-c"]] }));
    expect(error).toMatchObject({ reason: "invalid_option" });
  });
});

it("what allowing an interpreter means: its input is a program, and no whitelist sees it", async () => {
  const executor = await native({ commandWhitelist: ["sh"] });
  const { stdoutText } = await executor.output("sh", { input: "echo anything at all" });
  expect(stdoutText()).toBe("anything at all\n");
});

function temporaryRoot(): string {
  // Named and never made: whatever appears there was made by a command that should not have run.
  return join(tmpdir(), `polyspawn-test-${process.pid}-${Date.now()}`);
}
